import { flagName } from "@phala-l2/protocol/config/settings";
import { RollupError } from "@phala-l2/protocol/errors";
import type { CommandWords } from "./command.ts";

/** What a command can do, by name; its one word says which. */
export type Actions<Action> = {
  readonly words: CommandWords;
  /** Undefined when the words name none; `words` has told so by then. */
  named(words: readonly string[]): Action | undefined;
  /** @throws RollupError SETTING_INVALID when the words name none */
  chosen(words: readonly string[]): Action;
  /** That the named action lacks settings, in words; nothing when it has them all. */
  lacking(words: readonly string[], needs: readonly string[], given: ReadonlySet<string>): readonly string[];
};

export function actionsOf<Action>(actions: Readonly<Record<string, Action>>): Actions<Action> {
  const names = Object.keys(actions).join(", ");
  const wanted = `one action is wanted, ${names}`;
  const named = (words: readonly string[]) => {
    const [name = ""] = words;
    return words.length === 1 && Object.hasOwn(actions, name) ? actions[name] : undefined;
  };
  const fault = (words: readonly string[]) => {
    if (named(words) !== undefined) return undefined;
    return words.length === 0 ? wanted : `${wanted}, not '${words.join(" ")}'`;
  };
  return {
    words: { name: "action", help: names, fault },
    named,
    chosen: (words) => {
      const action = named(words);
      if (action === undefined) throw new RollupError("SETTING_INVALID", wanted);
      return action;
    },
    lacking: (words, needs, given) => {
      const missing = needs.filter((name) => !given.has(name));
      if (named(words) === undefined || missing.length === 0) return [];
      return [`${words[0]} needs ${missing.map(flagName).join(", ")}`];
    },
  };
}
