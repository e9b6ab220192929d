/** The emulated computer: harts, RAM, devices and time, on the address map of QEMU's `virt` board. */
import { EventEmitter } from 'eventemitter3';
import { ArgumentError, isObject, refuseArgument, requireBytes } from './arguments.js';
import { boardTree } from './boot/board.js';
import { elfProgram, htifWords } from './boot/elf.js';
import { type BootPlan, loadKernel } from './boot/load.js';
import { checkPieces, writePieces } from './boot/placement.js';
import { Core } from './core.js';
import { type Counters, countersOf } from './counters.js';
import type { Device, DeviceHost } from './device.js';
import { Bus } from './devices/bus.js';
import { Clint } from './devices/clint.js';
import { type Finish, Finisher } from './devices/finisher.js';
import { Htif, type HtifWords } from './devices/htif.js';
import { Plic } from './devices/plic.js';
import { Rtc } from './devices/rtc.js';
import { Uart } from './devices/uart.js';
import { VirtioBlock } from './devices/virtio/block.js';
import { VIRTIO_SLOTS, VirtioMmio } from './devices/virtio/mmio.js';
import { VirtioNet } from './devices/virtio/net.js';
import { VirtioRng } from './devices/virtio/rng.js';
import { digestOf } from './digest.js';
import { Hart, M, S } from './hart.js';
import { Interpreter } from './interpreter/engine.js';
import { type Layout, layoutOf } from './layout.js';
import { MachineMemory } from './memory.js';
import { type Configuration, configure, MachineOptionError, type MachineOptions } from './options.js';
import { SeededRandom } from './random.js';
import { ReferenceEngine } from './reference/engine.js';
import { HartStates } from './sbi/hart-states.js';
import { MachineSbi } from './sbi/machine-host.js';
import { prepareForSupervisor } from './sbi/prepare.js';
import { Sbi } from './sbi/sbi.js';
import { type RunOptions, Scheduler, type StopReason, type TrapHandler } from './scheduler.js';
import { restoreInto, type Snapshot, snapshotOf } from './snapshot.js';

export interface MachineEvents {
  /** Bytes that software sent to the console, as they come; free when nobody listens. */
  output: [Uint8Array];
}
export interface BootOptions {
  /** A Linux `Image` or an ELF executable. */
  readonly kernel: Uint8Array;
  /** M-mode firmware as an ELF executable; only with `firmware: 'none'`. */
  readonly firmware?: Uint8Array;
  readonly initrd?: Uint8Array;
  readonly bootargs?: string;
}

/** Extensions in canonical order, for the device tree. */
const extensionsOf = ({ hypervisor, firmware }: Configuration): string[] => [
  ...['i', 'm', 'a', 'f', 'd', 'c'],
  ...(hypervisor ? ['h'] : []),
  ...['zicntr', 'zicsr', 'zifencei'],
  ...['sstc', ...(firmware === 'none' ? ['svadu'] : [])],
];

/** WebAssembly throws a RangeError where the host has no such amount of memory in one piece. */
const allocate = (layout: Layout): MachineMemory => {
  try {
    return new MachineMemory(layout);
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    const problem = `this host cannot provide ${layout.size} bytes of memory`;
    throw new MachineOptionError('MACHINE_HOST_MEMORY', 'Machine', problem, 'ask for less');
  }
};

const checkRun = (options: RunOptions): void => {
  if (!isObject(options)) refuseArgument('run', 'the argument', options, 'give an object of limits');
  const { instructions, cycle, address, trap } = options;
  if (instructions !== undefined && !(Number.isSafeInteger(instructions) && instructions >= 0))
    refuseArgument('run', 'instructions', instructions, 'give a whole number, or leave it out for no limit');
  for (const [what, value] of [
    ['cycle', cycle],
    ['address', address],
  ] as const)
    if (value !== undefined && (typeof value !== 'bigint' || value !== BigInt.asUintN(64, value)))
      refuseArgument('run', what, value, 'give a bigint from 0 to 2**64 - 1');
  if (trap !== undefined && trap !== true && typeof trap !== 'function')
    refuseArgument('run', 'trap', trap, 'give true or a function');
};

export class Machine extends EventEmitter<MachineEvents> {
  readonly configuration: Configuration;
  readonly memory: MachineMemory;
  readonly cores: readonly Core[];
  readonly bus: Bus;
  readonly uart: Uart;
  readonly clint: Clint;
  readonly plic: Plic;
  /** Answers bare-metal test programs that have a `tohost` word. */
  readonly htif: Htif;
  /** Which harts run, as SBI's hart state management has it. */
  readonly hartStates: HartStates;
  readonly scheduler: Scheduler;
  readonly #interpreter: Interpreter | undefined;
  #console: number[] = [];
  /** Loads and starts again what was loaded last. */
  #reboot: () => void = () => this.reset();

  /** @throws MachineOptionError, BusError */
  constructor(options: MachineOptions = {}) {
    super();
    const configuration = configure(options);
    this.configuration = configuration;
    const { harts, memory, tlb, codePages, engine, seed, epoch } = configuration;
    this.memory = allocate(
      layoutOf({ harts, dataEntries: tlb.data, fetchEntries: tlb.fetch, ramSize: memory, codePages }),
    );
    const host: DeviceHost = {
      memory: this.memory,
      time: () => this.scheduler.ticks,
      interrupt: (source, level) => this.plic.interrupt(source, level),
      line: (hart, bit, level) => this.#line(hart, bit, level),
      reschedule: () => this.scheduler.reschedule(),
      failed: (error) => this.scheduler.hostFailed(error),
    };
    this.clint = new Clint(host, harts);
    this.plic = new Plic(host, harts);
    this.uart = new Uart(host, (byte) => this.#output(byte));
    const finisher = new Finisher((finish) => this.#finished(finish));
    this.htif = new Htif({
      memory: this.memory,
      time: host.time,
      output: (byte) => this.#output(byte),
      finish: (finish) => this.#finished(finish),
    });
    this.bus = new Bus(
      [this.clint, this.plic, this.uart, finisher, new Rtc(host, epoch), ...this.#virtio(host, configuration, seed)],
      memory,
    );
    const allHarts = Array.from({ length: harts }, (_, id) => new Hart(id, this.memory));
    this.cores = allHarts.map(
      (hart) =>
        new Core(hart, configuration, {
          bus: this.bus,
          mtime: () => this.clint.mtime,
          rescheduled: () => this.scheduler.reschedule(),
        }),
    );
    this.#interpreter =
      engine === 'interpreter'
        ? new Interpreter(
            this.memory,
            allHarts,
            this.cores.map((core) => core.environment),
          )
        : undefined;
    for (const core of this.cores) core.engine = this.#interpreter ?? new ReferenceEngine(core.environment);
    this.hartStates = new HartStates(harts);
    const sbiHost = new MachineSbi(this);
    this.scheduler = new Scheduler({
      cores: this.cores,
      states: this.hartStates,
      bus: this.bus,
      clint: this.clint,
      htif: this.htif,
      quantum: BigInt(configuration.quantum),
      sbi: configuration.firmware === 'sbi' ? new Sbi(sbiHost) : undefined,
      resumeHart: (hart) => sbiHost.resumeHart(hart),
      flushOutput: () => this.#flushOutput(),
      reboot: () => this.#reboot(),
    });
    this.reset();
  }

  #virtio(host: DeviceHost, { disks, networks, consoles }: Configuration, seed: bigint): Device[] {
    const blocks = disks.map((disk) =>
      'store' in disk ? new VirtioBlock(disk.store, { readOnly: disk.readOnly ?? false }) : new VirtioBlock(disk),
    );
    // Locally administered addresses, 52:54:00 as QEMU's.
    const nets = networks.map(
      (network, i) => new VirtioNet(network, Uint8Array.of(0x52, 0x54, 0x00, 0x12, 0x34, 0x56 + i)),
    );
    const functions = [...blocks, ...nets, ...consoles, new VirtioRng(seed)];
    return Array.from({ length: VIRTIO_SLOTS }, (_, slot) => new VirtioMmio(host, slot, functions[slot]));
  }

  get harts(): readonly Hart[] {
    return this.cores.map((core) => core.hart);
  }
  /** Ticks of the timebase (10 MHz) since power-on. */
  get ticks(): bigint {
    return this.scheduler.ticks;
  }
  /** The events counted so far on a hart. */
  counters(hart = 0): Counters {
    const core = this.cores[hart] ?? refuseArgument('counters', 'the hart', hart, `give 0 to ${this.cores.length - 1}`);
    return countersOf(core.hart);
  }

  /** Power-on state of harts and devices. RAM keeps its contents, counters and clocks run on. */
  reset(): void {
    for (const device of this.bus.devices) device.reset();
    for (const { hart, privileged } of this.cores) {
      for (let i = 1; i < 32; i++) hart.setX(i, 0n);
      for (let i = 0; i < 32; i++) hart.setF(i, 0n);
      for (const cell of ['midBlock', 'event', 'fault', 'waiting'] as const) hart.setCell32(cell, 0);
      hart.pc = 0n;
      privileged.reset();
    }
    this.hartStates.reset(this.configuration.firmware === 'sbi');
    this.scheduler.reset();
  }

  /**
   * Loads a static ELF executable by its physical addresses and points hart 0 at its entry: in S-mode with the SBI
   * beneath it, or in M-mode, in which every hart starts there. a0 is the hart's number, a1 the device tree's address.
   * A program with a `tohost` symbol, as riscv-tests have it, ends the run through that word.
   * @throws ElfError, BootError, ArgumentError; the machine is then unchanged.
   */
  load(elf: Uint8Array, bootargs?: string): BootPlan {
    return this.boot({ kernel: elf, ...(bootargs !== undefined && { bootargs }) });
  }
  /** Loads a flat image at an address and starts there; there is no device tree. @throws ArgumentError; RangeError if it is not RAM. */
  loadFlat(image: Uint8Array, address: number): void {
    requireBytes('loadFlat', 'the image', image);
    if (!Number.isSafeInteger(address) || address % 2 !== 0)
      refuseArgument('loadFlat', 'the address', address, 'give an even whole number, as instructions need');
    this.memory.write(address, image);
    this.#start(address, 0, undefined);
    this.#reboot = () => this.loadFlat(image, address);
  }
  /**
   * Loads a kernel with its initrd and device tree as a boot loader would.
   * @throws ElfError, BootError if a file is malformed or does not fit, ArgumentError; the machine is then unchanged.
   */
  boot(options: BootOptions): BootPlan {
    if (!isObject(options)) refuseArgument('boot', 'the argument', options, 'give { kernel }');
    const { kernel, firmware, initrd, bootargs } = options;
    requireBytes('boot', 'the kernel', kernel);
    if (firmware !== undefined) requireBytes('boot', 'the firmware', firmware);
    if (firmware !== undefined && this.configuration.firmware === 'sbi') {
      const problem = 'firmware is given to a machine that answers the SBI itself';
      throw new ArgumentError('ARGUMENT', 'boot', problem, "make the machine with firmware: 'none'");
    }
    if (initrd !== undefined) requireBytes('boot', 'the initrd', initrd);
    if (bootargs !== undefined && (typeof bootargs !== 'string' || bootargs.includes('\0')))
      refuseArgument('boot', 'bootargs', bootargs, 'give text without zero bytes');
    const { harts, memory, seed } = this.configuration;
    const plan = loadKernel(this.memory, {
      kernel,
      ...(firmware !== undefined && { firmware }),
      ...(initrd !== undefined && { initrd }),
      tree: (range) =>
        boardTree({
          harts,
          ramSize: memory,
          extensions: extensionsOf(this.configuration),
          mmu: 'sv48',
          ...(bootargs !== undefined && { bootargs }),
          initrd: range,
          rngSeed: new SeededRandom(seed).bytes(32),
          devices: this.bus.devices,
        }),
    });
    this.#start(plan.entry, plan.deviceTree, htifWords(kernel));
    this.#reboot = () => this.boot(options);
    return plan;
  }
  /** Adds an executable's segments to RAM and starts nothing. @throws ElfError, BootError, ArgumentError */
  loadSegments(elf: Uint8Array): number {
    requireBytes('loadSegments', 'the file', elf);
    const { entry, pieces } = elfProgram(elf);
    checkPieces(pieces, this.configuration.memory);
    writePieces(pieces, this.memory);
    return entry;
  }

  #start(entry: number, deviceTree: number, htif: HtifWords | undefined): void {
    this.reset();
    this.htif.watch(htif);
    const sbi = this.configuration.firmware === 'sbi';
    for (const core of this.cores) {
      const { hart, privileged } = core;
      hart.pc = BigInt(entry);
      hart.setX(10, BigInt(hart.id));
      hart.setX(11, BigInt(deviceTree));
      if (sbi) prepareForSupervisor(privileged, this.configuration.hardwareDirty);
      privileged.setMode(sbi ? S : M, false);
    }
    this.scheduler.reschedule();
  }

  /**
   * Runs until one of the limits, or until software ends the run; see {@link RunOptions}. What a listener or a trap
   * handler throws comes out of here, and the machine can go on.
   * @throws ArgumentError
   */
  run(options: RunOptions = {}): StopReason {
    checkRun(options);
    if (this.scheduler.running)
      throw new ArgumentError(
        'MACHINE_RUNNING',
        'run',
        'the machine is running already',
        'return from the callback first',
      );
    this.#interpreter?.code.stopAt(options.address === undefined ? [] : [options.address]);
    return this.scheduler.run(options);
  }
  /** Executes one instruction of the hart whose turn it is (or takes the trap it raises). */
  step(): StopReason {
    return this.run({ instructions: 1 });
  }

  /** The whole state as plain data; {@link restore} continues from it to the same end. */
  snapshot(): Snapshot {
    return snapshotOf(this);
  }
  /** @throws SnapshotError if it is of a machine with other options; this one is then unchanged. */
  restore(snapshot: Snapshot): void {
    restoreInto(this, snapshot);
  }
  /** Equal for machines in equal states, whatever engine brought them there; 16 hexadecimal digits. */
  digest(): string {
    return digestOf(this);
  }
  /** Drops everything that engines derived from RAM. */
  forgetDecodedCode(): void {
    this.#interpreter?.code.drop();
  }

  /** Software that lives outside the machine may handle traps in the hart's stead. */
  set trapHandler(handler: TrapHandler | undefined) {
    if (handler !== undefined && typeof handler !== 'function')
      refuseArgument('trapHandler', 'the handler', handler, 'give a function, or undefined for none');
    this.scheduler.trapHandler = handler;
  }

  /** Console input; text as UTF-8. @throws ArgumentError */
  input(text: string | Uint8Array): void {
    const bytes = typeof text === 'string' ? new TextEncoder().encode(text) : text;
    requireBytes('input', 'the input', bytes);
    this.uart.receive(bytes);
  }
  #output(byte: number): void {
    this.#console.push(byte);
    if (byte === 10 || this.#console.length >= 4096) this.#flushOutput();
  }
  #flushOutput(): void {
    if (this.#console.length === 0) return;
    const bytes = Uint8Array.from(this.#console);
    this.#console = [];
    try {
      this.emit('output', bytes);
    } catch (error) {
      this.scheduler.hostFailed(error);
    }
  }

  #line(hart: number, bit: number, level: boolean): void {
    const target = (this.cores[hart] as Core).hart;
    const mask = 1n << BigInt(bit);
    const lines = target.csrs.lines;
    const next = level ? lines | mask : lines & ~mask;
    if (next === lines) return;
    target.csrs.lines = next;
    this.scheduler.reschedule();
  }
  #finished(finish: Finish): void {
    if (finish.kind === 'reset') this.scheduler.requestReset();
    else
      this.scheduler.finish({
        kind: 'finished',
        success: finish.kind === 'pass',
        code: finish.kind === 'pass' ? 0 : finish.code,
      });
  }
}
