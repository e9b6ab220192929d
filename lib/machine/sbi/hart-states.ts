/** Which harts run: the states of SBI's hart state management, and where a suspended hart resumes. */
import { HART_STATE, type HartStart, type HartState } from './host.js';

interface Entry {
  state: HartState;
  resume: HartStart | undefined;
}

export class HartStates {
  #harts: Entry[];

  constructor(count: number) {
    this.#harts = Array.from({ length: count }, () => ({ state: HART_STATE.started, resume: undefined }));
  }

  /** Under the SBI hart 0 starts and the others wait to be started; without it all of them run. */
  reset(sbi: boolean): void {
    this.#harts = this.#harts.map((_, id) => ({
      state: sbi && id > 0 ? HART_STATE.stopped : HART_STATE.started,
      resume: undefined,
    }));
  }
  get(hart: number): HartState {
    return (this.#harts[hart] as Entry).state;
  }
  set(hart: number, state: HartState, resume?: HartStart): void {
    this.#harts[hart] = { state, resume };
  }
  /** Where a suspended hart goes on, if not after its call. */
  resumption(hart: number): HartStart | undefined {
    return (this.#harts[hart] as Entry).resume;
  }
  save(): unknown {
    return structuredClone(this.#harts);
  }
  restore(state: unknown): void {
    this.#harts = structuredClone(state) as Entry[];
  }
}
