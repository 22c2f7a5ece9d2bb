import { RollupError } from "@phala-l2/protocol/errors";
import { encodeFunctionData, type Hex, pad, zeroAddress } from "viem";
import { anchorStateRegistryAbi } from "../abi/anchor-state-registry.ts";
import { disputeGameFactoryAbi } from "../abi/dispute-game-factory.ts";
import { l1CrossDomainMessengerAbi } from "../abi/l1-cross-domain-messenger.ts";
import { l1StandardBridgeAbi } from "../abi/l1-standard-bridge.ts";
import { optimismMintableERC20FactoryAbi } from "../abi/optimism-mintable-erc20-factory.ts";
import { optimismPortalAbi } from "../abi/optimism-portal.ts";
import { systemConfigAbi } from "../abi/system-config.ts";
import type { L1Addresses } from "./address-book.ts";
import { admissionProxies, attestationContracts } from "./attestation.ts";
import type { DeployConfig } from "./config.ts";
import type { CreationCode } from "./creation-code.ts";
import type { Creation, Deterministic } from "./deterministic.ts";
import { GAME_TYPE } from "./game-type.ts";
import { l1Executor } from "./governance.ts";
import { proverRewards } from "./prover-rewards.ts";
import { type Phase, type ProxyPlan, proxies } from "./proxies.ts";
import { withdrawalQuota } from "./withdrawal-quota.ts";

/** Holder of a role of the timelock that stands for everybody. */
const ANYONE = zeroAddress;

/**
 * Policy, token and owner: nothing else is without an owner.
 * @throws RollupError DEPLOY_CONFIG_INVALID
 */
export function foundations(config: DeployConfig, make: Deterministic, code: CreationCode) {
  const { timelock, policy } = config;
  const phaTestToken =
    config.phaTestToken &&
    make.code(code("pha/PhaTestToken", [config.phaTestToken.holder, config.phaTestToken.supply]));
  const pha = config.pha ?? phaTestToken?.address;
  if (pha === undefined) {
    throw new RollupError(
      "DEPLOY_CONFIG_INVALID",
      "bonds are of PHA: name the token on this L1, or let the deployment make its test token",
    );
  }
  return {
    pha,
    timelock: make.code(
      code("deployment/Timelock", [
        timelock.minDelay,
        [make.addressOf("L1Executor"), ...timelock.dangerouslyDevelopmentProposers],
        [ANYONE],
      ]),
    ),
    policy: make.code(
      code("settlement/ProofPolicy", [
        policy.minHostVendors,
        policy.requiresGpu,
        policy.fastDelay,
        policy.slowDelay,
        policy.fallbackDelay,
        policy.challengeWindow,
        policy.fallbackBond,
        pha,
      ]),
    ),
    multicall3: make.code(code("deployment/Multicall3", [])),
    phaTestToken,
  };
}

/** All that does not depend on the L2 genesis: deposits are possible after it. */
export function firstPhase(
  config: DeployConfig,
  addresses: L1Addresses,
  make: Deterministic,
  code: CreationCode,
): Phase {
  const base = foundations(config, make, code);
  const { creations, implementations } = proxies(addresses, make, code, [
    {
      name: "SystemConfigProxy",
      logic: make.code(code("settlement/SystemConfig", [])),
      initialization: initializeSystemConfig(config, addresses),
    },
    {
      name: "OptimismPortalProxy",
      logic: make.code(
        code("settlement/OptimismPortal", [config.proofMaturityDelay, addresses.WithdrawalQuota]),
      ),
      initialization: encodeFunctionData({
        abi: optimismPortalAbi,
        functionName: "initialize",
        args: [addresses.SystemConfigProxy, addresses.AnchorStateRegistryProxy],
      }),
    },
    ...admissionProxies(config, addresses, base.pha, make, code),
    ...bridgingProxies(addresses, make, code),
  ]);
  const plain = [
    // Policy and rewards look whether their token stands.
    ...[base.timelock, base.phaTestToken, base.policy, base.multicall3],
    ...Object.values(attestationContracts(config, addresses, make, code)),
    withdrawalQuota(config, addresses, make, code),
    proverRewards(config, base.pha, addresses, make, code),
    l1Executor(config, addresses, make, code),
  ];
  return {
    creations: [...plain.filter((creation) => creation !== undefined), ...creations],
    implementations,
  };
}

function bridgingProxies(addresses: L1Addresses, make: Deterministic, code: CreationCode): ProxyPlan[] {
  return [
    {
      name: "L1CrossDomainMessengerProxy",
      logic: make.code(code("bridging/L1CrossDomainMessenger", [])),
      initialization: encodeFunctionData({
        abi: l1CrossDomainMessengerAbi,
        functionName: "initialize",
        args: [addresses.SystemConfigProxy, addresses.OptimismPortalProxy],
      }),
    },
    {
      name: "L1StandardBridgeProxy",
      logic: make.code(code("bridging/L1StandardBridge", [addresses.WithdrawalQuota])),
      initialization: encodeFunctionData({
        abi: l1StandardBridgeAbi,
        functionName: "initialize",
        args: [addresses.L1CrossDomainMessengerProxy, addresses.SystemConfigProxy],
      }),
    },
    {
      name: "OptimismMintableERC20FactoryProxy",
      logic: make.code(code("bridging/OptimismMintableERC20Factory", [])),
      initialization: encodeFunctionData({
        abi: optimismMintableERC20FactoryAbi,
        functionName: "initialize",
        args: [addresses.L1StandardBridgeProxy],
      }),
    },
  ];
}

/** What commits to the L2 genesis: the first anchor, and the games of this chain. */
export function secondPhase(
  config: DeployConfig,
  addresses: L1Addresses,
  genesis: { readonly outputRoot: Hex; readonly rollupConfigHash: Hex },
  make: Deterministic,
  code: CreationCode,
): Phase & { readonly game: Creation } {
  const anchor = proxies(addresses, make, code, [
    {
      name: "AnchorStateRegistryProxy",
      logic: make.code(code("settlement/AnchorStateRegistry", [config.disputeGameFinalityDelay])),
      initialization: encodeFunctionData({
        abi: anchorStateRegistryAbi,
        functionName: "initialize",
        args: [
          addresses.SystemConfigProxy,
          addresses.DisputeGameFactoryProxy,
          { root: genesis.outputRoot, l2SequenceNumber: 0n },
          GAME_TYPE,
        ],
      }),
    },
  ]);
  const game = make.code(
    code("settlement/MultiProofGame", [
      addresses.AnchorStateRegistryProxy,
      addresses.ProverRegistryProxy,
      addresses.ProofPolicy,
      addresses.ProverRewards,
      genesis.rollupConfigHash,
    ]),
  );
  const factory = proxies(addresses, make, code, [
    {
      name: "DisputeGameFactoryProxy",
      logic: make.code(code("settlement/DisputeGameFactory", [])),
      initialization: encodeFunctionData({
        abi: disputeGameFactoryAbi,
        functionName: "initialize",
        args: [addresses.Timelock, GAME_TYPE, game.address],
      }),
    },
  ]);
  return {
    game,
    creations: [...anchor.creations, game, ...factory.creations],
    implementations: [...anchor.implementations, ...factory.implementations],
  };
}

function initializeSystemConfig(config: DeployConfig, addresses: L1Addresses): Hex {
  const { batcher, resourceConfig, ...values } = config.systemConfig;
  return encodeFunctionData({
    abi: systemConfigAbi,
    functionName: "initialize",
    args: [
      {
        ...values,
        owner: addresses.Timelock,
        guardian: config.guardian,
        batcherHash: pad(batcher),
        l2ChainId: config.l2ChainId,
        addresses: {
          l1CrossDomainMessenger: addresses.L1CrossDomainMessengerProxy,
          l1StandardBridge: addresses.L1StandardBridgeProxy,
          optimismPortal: addresses.OptimismPortalProxy,
          disputeGameFactory: addresses.DisputeGameFactoryProxy,
          optimismMintableERC20Factory: addresses.OptimismMintableERC20FactoryProxy,
        },
        resourceConfig,
      },
    ],
  });
}
