import type { BlockContext } from "../block/context.ts";
import type { Evm, Message, MessageResult, RunOptions } from "../evm/evm.ts";
import type { Hooks } from "../evm/hooks.ts";
import type { JournaledState } from "../state/journal.ts";

/** An engine whose messages are watched while hooks are set. */
export class WatchedEvm implements Evm {
  readonly name: string;
  readonly #evm: Evm;
  hooks: Hooks | undefined;

  constructor(evm: Evm) {
    this.#evm = evm;
    this.name = evm.name;
  }

  get isWatched(): boolean {
    return this.hooks !== undefined;
  }

  run(
    message: Message,
    block: BlockContext,
    state: JournaledState,
    options: RunOptions = {},
  ): Promise<MessageResult> {
    return this.#evm.run(message, block, state, { ...options, hooks: this.hooks });
  }
}
