import type { Statements } from "@phala-l2/enclave/statements";
import type { Clock } from "@phala-l2/node/clock";
import { type Hex, toHex } from "@phala-l2/protocol/bytes";
import { isRollupError } from "@phala-l2/protocol/errors";
import type { Log } from "@phala-l2/protocol/log";
import { expiriesOf } from "../attest/expiry.ts";
import { type Renewal, renewalOf, type Standing } from "../attest/renewal.ts";
import type { KeyFacts } from "../rpc/tee.ts";
import type { Claims } from "./claims.ts";
import type { SendOutcome } from "./l1-transactions.ts";
import type { KeyRegistration } from "./registration/register.ts";
import { takeTurns } from "./turns.ts";

/** A key of an enclave: what speaks for it, and what it signs. */
export type LiveKey = {
  readonly facts: KeyFacts;
  readonly registration: KeyRegistration;
  readonly claims: Claims;
  /** What it signs of Substrate chains. */
  readonly statements: Statements;
};

export type KeyLifeOptions = {
  /** Whether this prover registers its keys; else somebody else does, and a key is never renewed. */
  readonly registers: boolean;
  /** See `RenewalInput`, seconds. */
  readonly lead: bigint;
  readonly spread: bigint;
  /** Milliseconds between looks, while all is well. */
  readonly pollIntervalMs: number;
};

export type KeyLifeDependencies = {
  /** A new key with new evidence. */
  readonly bear: () => Promise<LiveKey>;
  readonly register: (registration: KeyRegistration) => Promise<void>;
  /** What the registry says of a key. */
  readonly standingOf: (key: Hex) => Promise<Standing>;
  /** Has the registry note that its newest policy allows the key, where it does not yet. */
  readonly affirm: (key: Hex) => Promise<SendOutcome | undefined>;
  /** Least version of the policy whose evidence counts. */
  readonly leastVersion: () => Promise<bigint>;
  readonly clock: Clock;
  readonly log: Log;
  readonly signal: AbortSignal;
};

/** The longest pause after failures in a row: governance, funds and hardware are mended by people. */
const MAX_PAUSE_MS = 600_000;
const MILLISECONDS = 1000;

/**
 * Keeps one key counting: registers it, and takes the next one ahead of what expires or when it no longer counts. The old
 * key serves until the new one counts, so that proofs have no gap.
 */
export class KeyLife {
  readonly #options: KeyLifeOptions;
  readonly #dependencies: KeyLifeDependencies;
  #serving: LiveKey;
  /** To be registered next; born when there is none. */
  #candidate: LiveKey | undefined;
  #told: string | undefined;

  constructor(first: LiveKey, options: KeyLifeOptions, dependencies: KeyLifeDependencies) {
    this.#serving = first;
    this.#candidate = first;
    this.#options = options;
    this.#dependencies = dependencies;
  }

  /** The key that signs now. */
  serving(): LiveKey {
    return this.#serving;
  }

  /** Runs until the signal; what fails is told and tried again. */
  run(): Promise<void> {
    const { clock, signal } = this.#dependencies;
    return takeTurns({
      turn: () => this.turn(),
      report: (error, failures) => this.#report(error, failures),
      pollIntervalMs: this.#options.pollIntervalMs,
      maxPauseMs: MAX_PAUSE_MS,
      clock,
      signal,
    });
  }

  /** One look at the registry, and what follows from it. */
  async turn(): Promise<void> {
    const { register } = this.#dependencies;
    const { renewal, standing } = await this.#due(this.#serving);
    if (renewal.kind === "later") {
      await this.#affirm();
      return;
    }
    if (!this.#options.registers) {
      if (renewal.kind === "now") this.#tellOnce(`restart the prover for a new key: ${renewal.reason}`);
      return;
    }
    const next = this.#candidate ?? (await this.#dependencies.bear());
    this.#candidate = undefined;
    if (standing.isValid && (await this.#due(next)).renewal.kind === "now") {
      this.#tellOnce("new evidence ends as soon as the old: fetch collateral, lists and certificates anew");
      return;
    }
    try {
      await register(next.registration);
    } catch (error) {
      // What was refused is refused again; what L1 has not taken yet goes on.
      if (!isRollupError(error, "REGISTRATION_REFUSED")) this.#candidate = next;
      throw error;
    }
    await this.#serve(next, renewal);
  }

  async #due({ facts, registration }: LiveKey): Promise<{ renewal: Renewal; standing: Standing }> {
    const { standingOf, leastVersion, clock } = this.#dependencies;
    const { key, policyVersion: evidence } = registration.binding;
    const [standing, least] = await Promise.all([standingOf(toHex(key)), leastVersion()]);
    const { lead, spread } = this.#options;
    const renewal = renewalOf({
      key,
      standing,
      lead,
      spread,
      expiries: expiriesOf(facts.evidence),
      policyVersion: { evidence, least },
      now: BigInt(Math.floor(clock.now() / MILLISECONDS)),
    });
    return { renewal, standing };
  }

  /** Proofs are cheaper afterwards, and good without: what hinders it is told and tried again at the next look. */
  async #affirm(): Promise<void> {
    const { affirm, log } = this.#dependencies;
    const key = toHex(this.#serving.registration.binding.key);
    try {
      const outcome = await affirm(key);
      if (outcome?.kind !== "included") return;
      const { hash: transaction, gasUsed } = outcome;
      log.info({ key, transaction, gasUsed }, "the registry noted the newest policy for this prover's key");
    } catch (error) {
      if (!isRollupError(error)) throw error;
      log.info({ key, code: error.code }, "the key is not affirmed yet");
    }
  }

  /** The old key goes only when the new one counts. */
  async #serve(next: LiveKey, renewal: Renewal): Promise<void> {
    const { standingOf, log } = this.#dependencies;
    const key = toHex(next.registration.binding.key);
    const { isValid, expiresAt } = await standingOf(key);
    if (!isValid) return;
    const reason = renewal.kind === "now" ? renewal.reason : "it is the first";
    this.#serving = next;
    this.#told = undefined;
    log.info({ key, expiresAt, reason }, "the registry counts this prover's new key");
  }

  #tellOnce(message: string): void {
    if (this.#told === message) return;
    this.#told = message;
    this.#dependencies.log.warn({ key: toHex(this.#serving.registration.binding.key) }, message);
  }

  #report(error: unknown, failures: number): void {
    const { log } = this.#dependencies;
    if (isRollupError(error)) {
      const { code, docs, data } = error;
      log.warn({ code, docs, data, failures }, `the key is not registered: ${error.message}`);
    } else {
      const reason = error instanceof Error ? error.name : "unknown";
      log.warn({ reason, failures }, "the key is not registered; trying again after an error");
    }
  }
}
