/**
 * The operations that an instruction's meaning may call because no WebAssembly operation expresses them:
 * exact floating point, CSR access and the privileged instructions. A row gives the signature; the machine
 * supplies the behaviour.
 */
import type { Type } from './expr.js';

export interface Helper {
  readonly name: string;
  readonly params: readonly Type[];
  readonly result: Type | undefined;
  /** `float`: reads only its arguments and ORs into fflags. `system`: may trap, change mode or flush. */
  readonly kind: 'float' | 'system';
}

const float = (name: string, params: readonly Type[], result: Type): Helper => ({
  name,
  params,
  result,
  kind: 'float',
});
const system = (name: string, params: readonly Type[] = [], result?: Type): Helper => ({
  name,
  params,
  result,
  kind: 'system',
});

type Format = 's' | 'd';
/** A value of the format as its bit pattern. */
const bits = (format: Format): Type => (format === 's' ? 'i32' : 'i64');

/** The last i32 argument is the resolved rounding mode where the operation rounds. */
const arithmetic = <F extends Format>(f: F) => {
  const t = bits(f);
  return {
    [`add.${f}`]: float(`add.${f}`, [t, t, 'i32'], t),
    [`sub.${f}`]: float(`sub.${f}`, [t, t, 'i32'], t),
    [`mul.${f}`]: float(`mul.${f}`, [t, t, 'i32'], t),
    [`div.${f}`]: float(`div.${f}`, [t, t, 'i32'], t),
    [`sqrt.${f}`]: float(`sqrt.${f}`, [t, 'i32'], t),
    [`fma.${f}`]: float(`fma.${f}`, [t, t, t, 'i32'], t),
    [`min.${f}`]: float(`min.${f}`, [t, t], t),
    [`max.${f}`]: float(`max.${f}`, [t, t], t),
    [`eq.${f}`]: float(`eq.${f}`, [t, t], 'i32'),
    [`lt.${f}`]: float(`lt.${f}`, [t, t], 'i32'),
    [`le.${f}`]: float(`le.${f}`, [t, t], 'i32'),
    [`class.${f}`]: float(`class.${f}`, [t], 'i32'),
    [`cvt.w.${f}`]: float(`cvt.w.${f}`, [t, 'i32'], 'i64'),
    [`cvt.wu.${f}`]: float(`cvt.wu.${f}`, [t, 'i32'], 'i64'),
    [`cvt.l.${f}`]: float(`cvt.l.${f}`, [t, 'i32'], 'i64'),
    [`cvt.lu.${f}`]: float(`cvt.lu.${f}`, [t, 'i32'], 'i64'),
    [`cvt.${f}.w`]: float(`cvt.${f}.w`, ['i64', 'i32'], t),
    [`cvt.${f}.wu`]: float(`cvt.${f}.wu`, ['i64', 'i32'], t),
    [`cvt.${f}.l`]: float(`cvt.${f}.l`, ['i64', 'i32'], t),
    [`cvt.${f}.lu`]: float(`cvt.${f}.lu`, ['i64', 'i32'], t),
  } as Record<
    | `${'add' | 'sub' | 'mul' | 'div' | 'sqrt' | 'fma' | 'min' | 'max' | 'eq' | 'lt' | 'le' | 'class' | 'cvt.w' | 'cvt.wu' | 'cvt.l' | 'cvt.lu'}.${F}`
    | `cvt.${F}.${'w' | 'wu' | 'l' | 'lu'}`,
    Helper
  >;
};

export const helpers = {
  ...arithmetic('s'),
  ...arithmetic('d'),
  'cvt.s.d': float('cvt.s.d', ['i64', 'i32'], 'i32'),
  'cvt.d.s': float('cvt.d.s', ['i32'], 'i64'),

  /** csr(number, source value, operation 1 write 2 set 3 clear, reads, writes) -> old value. */
  csr: system('csr', ['i32', 'i64', 'i32', 'i32', 'i32'], 'i64'),
  ecall: system('ecall'),
  ebreak: system('ebreak'),
  sret: system('sret'),
  mret: system('mret'),
  wfi: system('wfi'),
  'fence.i': system('fence.i'),
  /** (address, asid or vmid, address given, asid or vmid given). */
  'sfence.vma': system('sfence.vma', ['i64', 'i64', 'i32', 'i32']),
  'hfence.vvma': system('hfence.vvma', ['i64', 'i64', 'i32', 'i32']),
  'hfence.gvma': system('hfence.gvma', ['i64', 'i64', 'i32', 'i32']),
  /** hlv(guest virtual address, size in bits, execute permission instead of read) -> zero-extended value. */
  hlv: system('hlv', ['i64', 'i32', 'i32'], 'i64'),
  /** hsv(guest virtual address, size in bits, value). */
  hsv: system('hsv', ['i64', 'i32', 'i64']),
} as const satisfies Record<string, Helper>;
