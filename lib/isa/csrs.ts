/** Control and status registers by name and number (privileged specification, chapter 2, for RV64). */

/** `prefix` with each number from `first` to `last`, at consecutive CSR numbers or `step` apart. */
const series = (prefix: string, number: number, first: number, last: number, step = 1): [string, number][] => {
  const all: [string, number][] = [];
  for (let i = first; i <= last; i += step) all.push([prefix + i, number + i - first]);
  return all;
};

const unprivileged: readonly [string, number][] = [
  ['fflags', 0x001],
  ['frm', 0x002],
  ['fcsr', 0x003],
  ['cycle', 0xc00],
  ['time', 0xc01],
  ['instret', 0xc02],
  ...series('hpmcounter', 0xc03, 3, 31),
];
const supervisor: readonly [string, number][] = [
  ['sstatus', 0x100],
  ['sie', 0x104],
  ['stvec', 0x105],
  ['scounteren', 0x106],
  ['senvcfg', 0x10a],
  ['sscratch', 0x140],
  ['sepc', 0x141],
  ['scause', 0x142],
  ['stval', 0x143],
  ['sip', 0x144],
  ['stimecmp', 0x14d],
  ['satp', 0x180],
  ['scontext', 0x5a8],
];
const hypervisor: readonly [string, number][] = [
  ['vsstatus', 0x200],
  ['vsie', 0x204],
  ['vstvec', 0x205],
  ['vsscratch', 0x240],
  ['vsepc', 0x241],
  ['vscause', 0x242],
  ['vstval', 0x243],
  ['vsip', 0x244],
  ['vstimecmp', 0x24d],
  ['vsatp', 0x280],
  ['hstatus', 0x600],
  ['hedeleg', 0x602],
  ['hideleg', 0x603],
  ['hie', 0x604],
  ['htimedelta', 0x605],
  ['hcounteren', 0x606],
  ['hgeie', 0x607],
  ['henvcfg', 0x60a],
  ['htval', 0x643],
  ['hip', 0x644],
  ['hvip', 0x645],
  ['htinst', 0x64a],
  ['hgatp', 0x680],
  ['hcontext', 0x6a8],
  ['hgeip', 0xe12],
];
const machine: readonly [string, number][] = [
  ['mstatus', 0x300],
  ['misa', 0x301],
  ['medeleg', 0x302],
  ['mideleg', 0x303],
  ['mie', 0x304],
  ['mtvec', 0x305],
  ['mcounteren', 0x306],
  ['menvcfg', 0x30a],
  ['mcountinhibit', 0x320],
  ...series('mhpmevent', 0x323, 3, 31),
  ['mscratch', 0x340],
  ['mepc', 0x341],
  ['mcause', 0x342],
  ['mtval', 0x343],
  ['mip', 0x344],
  ['mtinst', 0x34a],
  ['mtval2', 0x34b],
  // RV64 has only the even ones: each holds eight entries.
  ...series('pmpcfg', 0x3a0, 0, 14, 2),
  ...series('pmpaddr', 0x3b0, 0, 63),
  ['mseccfg', 0x747],
  ['tselect', 0x7a0],
  ...series('tdata', 0x7a1, 1, 3),
  ['tinfo', 0x7a4],
  ['tcontrol', 0x7a5],
  ['mcontext', 0x7a8],
  ['dcsr', 0x7b0],
  ['dpc', 0x7b1],
  ['dscratch0', 0x7b2],
  ['dscratch1', 0x7b3],
  ['mcycle', 0xb00],
  ['minstret', 0xb02],
  ...series('mhpmcounter', 0xb03, 3, 31),
  ['mvendorid', 0xf11],
  ['marchid', 0xf12],
  ['mimpid', 0xf13],
  ['mhartid', 0xf14],
  ['mconfigptr', 0xf15],
];

/** Every named CSR, by the level that owns it. */
export const csrs = { unprivileged, supervisor, hypervisor, machine } as const;

const all = Object.values(csrs).flat();
const numbers = new Map(all);
const names = new Map(all.map(([name, number]) => [number, name]));

/** The CSR number of a name such as `mstatus`. */
export const csrNumber = (name: string): number | undefined => numbers.get(name);
/** The name of a CSR number, 0 to 0xfff. */
export const csrName = (number: number): string | undefined => names.get(number);
