import assert from "node:assert/strict";
import { it } from "node:test";
import { isRollupError } from "@phala-l2/protocol/errors";
import { type Address, createPublicClient, custom, type PublicClient, pad, toFunctionSelector } from "viem";
import type { AddressBook } from "../../deploy/address-book.ts";
import type { DeployConfig } from "../../deploy/config.ts";
import type { GovernanceConfig } from "../../deploy/governance-config.ts";
import { verifyGovernance } from "../../deploy/verify-governance.ts";
import { verifyL2 } from "../../deploy/verify-l2.ts";

/** What stands on chain, one for both layers, and the configuration that it was made with. */
export type Standing = {
  readonly client: PublicClient;
  readonly deployer: { readonly address: Address };
  readonly config: DeployConfig;
  readonly book: AddressBook;
};

/** Another configuration, other addresses on L1, another deployer: to each of them what stands is a wrong deployment. */
type Change = {
  readonly config?: Partial<DeployConfig>;
  readonly book?: Partial<AddressBook["addresses"]>;
  readonly deployer?: Address;
};

function differs(what: string): (error: unknown) => boolean {
  const words = new RegExp(`${what} is [^;]*, not`);
  return (error) => isRollupError(error, "DEPLOY_MISMATCH") && words.test(error.message);
}

/** Where each parameter stands, and by what name. */
const FIELDS = {
  votingDelay: ["onL2", "the governor's votingDelay"],
  votingPeriod: ["onL2", "the governor's votingPeriod"],
  proposalThreshold: ["onL2", "the governor's proposalThreshold"],
  quorumPercent: ["onL2", "the governor's quorumNumerator"],
  quorumFloor: ["onL2", "the governor's quorumFloor"],
  lateQuorumExtension: ["onL2", "the governor's lateQuorumVoteExtension"],
  guardianWindow: ["onL2", "the governor's guardianWindow"],
  l2Delay: ["onL2", "the delay of L2's timelock"],
  exitMargin: ["onL1", "the executor's margin"],
  vetoWindow: ["onL1", "the executor's vetoWindow"],
} as const satisfies Record<keyof GovernanceConfig, unknown>;

/** The same chain, but that its governor says that there is a proposal. */
function afterAProposal({ transport }: PublicClient): PublicClient {
  const asked = toFunctionSelector("proposalCount()");
  const request = async (call: { readonly method: string; readonly params?: unknown }) =>
    JSON.stringify(call.params ?? []).includes(`"${asked}"`) ? pad("0x01") : transport.request(call);
  return createPublicClient({ transport: custom({ request }, { retryCount: 0 }), cacheTime: 0 });
}

type Verify = (change: Change) => Promise<void>;

/** Verification of what stands, as if it had to be something else. */
function verifiersOf(standing: () => Standing): { readonly onL1: Verify; readonly onL2: Verify } {
  const given = ({ config, book, deployer }: Change) => ({
    config: { ...standing().config, ...config },
    book: { ...standing().book, addresses: { ...standing().book.addresses, ...book } },
    deployer: deployer ?? standing().deployer.address,
  });
  const onL1: Verify = (change) => {
    const { config, book, deployer } = given(change);
    return verifyGovernance(standing().client, book, config, deployer);
  };
  const onL2: Verify = (change) => {
    const { config, book, deployer } = given(change);
    return verifyL2(standing().client, config, book, deployer);
  };
  return { onL1, onL2 };
}

/** Tests of a standing deployment: each parameter of governance that is another than configured is named. */
export function tellsOfOtherGovernance(standing: () => Standing): void {
  const verifiers = verifiersOf(standing);
  const { onL1, onL2 } = verifiers;

  it("and of none that is as configured", async () => {
    await onL1({});
    await onL2({});
  });

  it("but not what votes may change, once somebody has proposed", async () => {
    const { book, config, deployer } = standing();
    const verify = (change: Partial<GovernanceConfig>, client: PublicClient) => {
      const governance = { ...config.governance, ...change };
      return verifyL2(client, { ...config, governance }, book, deployer.address);
    };
    const change = { votingDelay: config.governance.votingDelay + 1 };
    await assert.rejects(verify(change, standing().client), differs("the governor's votingDelay"));
    await verify(change, afterAProposal(standing().client));
    const floor = { quorumFloor: config.governance.quorumFloor + 1n };
    await assert.rejects(
      verify(floor, afterAProposal(standing().client)),
      differs("the governor's quorumFloor"),
    );
  });

  for (const [field, [layer, what]] of Object.entries(FIELDS)) {
    it(`governance.${field}`, async () => {
      const { governance } = standing().config;
      const value = Object.entries(governance).find(([name]) => name === field)?.[1] ?? assert.fail(field);
      const other = typeof value === "bigint" ? value + 1n : value + 1;
      await assert.rejects(
        verifiers[layer]({ config: { governance: { ...governance, [field]: other } } }),
        differs(what),
      );
    });
  }

  it("the guardian, the delays of an exit, and what staking is told by its configuration", async () => {
    const { config, book } = standing();
    const { policy, staking } = config;
    const slower = { ...policy, slowDelay: policy.slowDelay + 1n };
    const faster = { ...staking, rewardRate: staking.rewardRate + 1n };
    const cases = [
      [onL2, { guardian: book.addresses.Pha }, "the governor's proposalGuardian"],
      [onL2, { staking: faster }, "rate of RewardDistributor on L2"],
      [onL2, { staking: { ...staking, admitter: undefined } }, "admitter of ProviderPledges on L2"],
      [onL1, { proofMaturityDelay: 7n }, "the executor's exitWindow"],
      [onL1, { disputeGameFinalityDelay: 2n }, "the executor's exitWindow"],
      [onL1, { policy: slower }, "the executor's exitWindow"],
    ] as const;
    for (const [verify, change, what] of cases) {
      await assert.rejects(verify({ config: change }), differs(what));
    }
  });
}

/** The same of addresses: whom the executor hears and asks, and who holds roles. */
export function tellsOfOtherPowers(standing: () => Standing): void {
  const { onL1, onL2 } = verifiersOf(standing);

  it("whom the executor hears and asks", async () => {
    const { addresses, l2 } = standing().book;
    const cases = [
      [{ L1CrossDomainMessengerProxy: addresses.Pha }, "messenger"],
      [{ Timelock: l2.GovernanceTimelock }, "timelock"],
      [{ SystemConfigProxy: addresses.Pha }, "systemConfig"],
      [{ OptimismPortalProxy: addresses.Pha }, "portal"],
      [{ DisputeGameFactoryProxy: addresses.Pha }, "gameFactory"],
    ] as const;
    for (const [book, what] of cases) await assert.rejects(onL1({ book }), differs(`the executor's ${what}`));
    const elsewhere = { ...l2, GovernanceTimelock: addresses.Timelock };
    const { client, config, deployer } = standing();
    const book = { ...standing().book, l2: elsewhere };
    await assert.rejects(
      verifyGovernance(client, book, config, deployer.address),
      differs("the executor's l2Timelock"),
    );
    await assert.rejects(
      verifyL2(client, config, book, deployer.address),
      differs("the governor's timelock"),
    );
  });

  it("who has a say in a timelock, and should have none", async () => {
    const { book, config, deployer } = standing();
    const none = { ...config.timelock, dangerouslyDevelopmentProposers: [] };
    const { l2, addresses } = book;
    const proposes = (account: Address, timelock: Address) =>
      differs(`whether ${account} is proposer of the timelock ${timelock}`);
    const administers = (account: Address) =>
      differs(`whether ${account} is administrator of the timelock ${account}`);
    await assert.rejects(
      onL1({ config: { timelock: none } }),
      proposes(deployer.address, addresses.Timelock),
    );
    await assert.rejects(onL1({ deployer: addresses.Timelock }), administers(addresses.Timelock));
    await assert.rejects(onL2({ deployer: l2.GovernanceTimelock }), administers(l2.GovernanceTimelock));
    const more = { ...config.timelock, dangerouslyDevelopmentProposers: [deployer.address, addresses.Pha] };
    await assert.rejects(onL1({ config: { timelock: more } }), proposes(addresses.Pha, addresses.Timelock));
  });
}
