/** Turns an instruction's recorded meaning into a function that carries it out over a hart. */
import type { Type } from '../../isa/expr.js';
import type { Statement } from '../../isa/semantics.js';
import type { Environment, FloatHelperName, SystemHelperName } from '../environment.js';
import type { FloatHelper } from '../float.js';
import type { Hart } from '../hart.js';
import { CELL } from '../layout.js';
import type { GuestAccess } from './access.js';
import { compile, type Evaluate, type Frame } from './evaluate.js';

/** What statements act through. */
export interface Actions {
  readonly environment: Environment;
  readonly access: GuestAccess;
  readonly float: Readonly<Record<FloatHelperName, FloatHelper>>;
}

/** How a statement left the instruction: `target` is where a taken branch or a jump goes, `trapped` ends it. */
export type Outcome = { readonly target: bigint } | 'trapped' | undefined;
type Step = (frame: Frame) => Outcome;

export interface Program {
  /** Runs the instruction; nothing is done after a statement that traps. */
  readonly run: (frame: Frame) => Outcome;
  /** Calls a system helper, so that the cells `next` and `event` decide what follows. */
  readonly isSystem: boolean;
}

const ONE_ACCESS = 1n << 32n;
const RESERVED_ROUNDING = 255;
/** fcsr.frm resolves to a mode through this table (see the cell `rounding`). */
const roundingMode = (hart: Hart, rm: number): number => hart.memory.u8[hart.address + CELL.rounding + rm] as number;
const countAccess = (hart: Hart): void => {
  hart.cells.tally += ONE_ACCESS;
};

const extend = (value: bigint, bits: number, signed: boolean): bigint =>
  signed ? BigInt.asUintN(64, BigInt.asIntN(bits, value)) : value;

/** Helpers take and return what WebAssembly passes: signed numbers for i32, signed bigints for i64. */
const toWasm = (type: Type, value: bigint): number | bigint =>
  type === 'i32' ? Number(BigInt.asIntN(32, value)) : BigInt.asIntN(64, value);
const fromWasm = (type: Type, value: number | bigint): bigint =>
  BigInt.asUintN(type === 'i32' ? 32 : 64, BigInt(value));

export const executable = (statements: readonly Statement[], actions: Actions): Program => {
  const steps = statements.map((statement) => stepOf(statement, actions));
  return {
    isSystem: statements.some((s) => s.kind === 'call' && s.helper.kind === 'system'),
    run: (frame) => {
      let outcome: Outcome;
      for (const step of steps) {
        const result = step(frame);
        if (result === 'trapped') return result;
        outcome ??= result;
      }
      return outcome;
    },
  };
};

const stepOf = (statement: Statement, actions: Actions): Step => {
  const { environment, access } = actions;
  switch (statement.kind) {
    case 'let': {
      const value = compile(statement.value);
      return (frame) => {
        frame.locals[statement.local] = value(frame);
        return undefined;
      };
    }
    case 'load': {
      const address = compile(statement.address);
      const { bits, signed, local } = statement;
      const load =
        statement.access === 'amo'
          ? access.loadToModify.bind(access)
          : statement.access === 'reserve'
            ? access.loadReserved.bind(access)
            : access.load.bind(access);
      return (frame) => {
        countAccess(frame.hart);
        const value = load(frame.hart, address(frame), bits);
        if (value === undefined) return 'trapped';
        frame.locals[local] = extend(value, bits, signed);
        return undefined;
      };
    }
    case 'store': {
      const address = compile(statement.address);
      const value = compile(statement.value);
      return (frame) => {
        countAccess(frame.hart);
        return access.store(frame.hart, address(frame), statement.bits, value(frame)) ? undefined : 'trapped';
      };
    }
    case 'conditional': {
      const address = compile(statement.address);
      const value = compile(statement.value);
      return (frame) => {
        countAccess(frame.hart);
        const stored = access.storeConditional(frame.hart, address(frame), statement.bits, value(frame));
        if (stored === undefined) return 'trapped';
        frame.locals[statement.local] = stored ? 0n : 1n;
        return undefined;
      };
    }
    case 'write': {
      const value = compile(statement.value);
      return statement.file === 'x'
        ? (frame) => {
            frame.hart.setX(frame.operands.rd, value(frame));
            return undefined;
          }
        : (frame) => {
            frame.hart.setF(frame.operands.rd, value(frame));
            return undefined;
          };
    }
    case 'jump': {
      const target = compile(statement.target);
      return (frame) => ({ target: target(frame) });
    }
    case 'branch': {
      const condition = compile(statement.condition);
      return (frame) => (condition(frame) === 0n ? undefined : { target: BigInt.asUintN(64, frame.pc + frame.imm) });
    }
    case 'float':
      return ({ hart }) => (hart.cells32.floatState === 2 || environment.floatUse() ? undefined : 'trapped');
    case 'rounding':
      return (frame) => {
        const mode = roundingMode(frame.hart, frame.operands.rm);
        if (mode === RESERVED_ROUNDING) {
          environment.illegal();
          return 'trapped';
        }
        frame.locals[statement.local] = BigInt(mode);
        return undefined;
      };
    case 'call':
      return callOf(statement, actions);
  }
};

const callOf = (statement: Statement & { kind: 'call' }, { environment, float }: Actions): Step => {
  const { helper, local } = statement;
  const args: readonly Evaluate[] = statement.args.map(compile);
  const isSystem = helper.kind === 'system';
  const target = isSystem ? environment.system[helper.name as SystemHelperName] : float[helper.name as FloatHelperName];
  const call = target as (...values: (number | bigint)[]) => number | bigint | undefined;
  return (frame) => {
    const { hart } = frame;
    if (isSystem) hart.cells.next = frame.next;
    const result = call(...args.map((arg, i) => toWasm(helper.params[i] as Type, arg(frame))));
    if (isSystem && hart.faulted) return 'trapped';
    if (local !== undefined) frame.locals[local] = fromWasm(helper.result as Type, result as number | bigint);
    return undefined;
  };
};
