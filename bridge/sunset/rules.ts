/**
 * Version of the rules by which claims are counted from a state. It stands in the settings' hash of what provers sign, so that
 * a contract takes counts by the rules it was deployed for, and no others: who changes what any state counts to, changes this.
 */
export const SNAPSHOT_RULES = 2;
