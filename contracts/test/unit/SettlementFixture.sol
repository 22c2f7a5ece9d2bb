// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {AnchorStateRegistry} from "../../src/settlement/AnchorStateRegistry.sol";
import {DisputeGameFactory} from "../../src/settlement/DisputeGameFactory.sol";
import {MultiProofGame} from "../../src/settlement/MultiProofGame.sol";
import {OptimismPortal} from "../../src/settlement/OptimismPortal.sol";
import {ProofPolicy} from "../../src/settlement/ProofPolicy.sol";
import {ProverRewards} from "../../src/settlement/ProverRewards.sol";
import {WithdrawalQuota} from "../../src/settlement/WithdrawalQuota.sol";
import {SystemConfig} from "../../src/settlement/SystemConfig.sol";
import {IAnchorStateRegistry} from "../../src/settlement/interfaces/IAnchorStateRegistry.sol";
import {IDisputeGame} from "../../src/settlement/interfaces/IDisputeGame.sol";
import {IResourceMetering} from "../../src/settlement/interfaces/IResourceMetering.sol";
import {ISystemConfig} from "../../src/settlement/interfaces/ISystemConfig.sol";
import {Claim} from "../../src/tee/Claim.sol";
import {IProverRegistry} from "../../src/tee/interfaces/IProverRegistry.sol";
import {AdmissionFixture} from "./AdmissionFixture.sol";

/// @notice A game of another type.
contract OtherGame {
    function gameType() external pure returns (uint32) {
        return 7;
    }
}

/// @title SettlementFixture
/// @notice The whole settlement behind real proxies, with three provers, and verbs to propose, prove and wait.
abstract contract SettlementFixture is AdmissionFixture {
    uint32 internal constant GAME_TYPE = 2035;
    uint32 internal constant OTHER_TYPE = 7;
    bytes32 internal constant CONFIG_HASH = keccak256("rollup config");
    bytes32 internal constant GENESIS_ROOT = keccak256("genesis output");
    bytes32 internal constant ROOT = keccak256("output");
    bytes32 internal constant OTHER_ROOT = keccak256("other output");
    uint64 internal constant FAST = 100;
    uint64 internal constant SLOW = 1000;
    uint64 internal constant WINDOW = 5000;
    uint64 internal constant SILENCE = 2000;
    uint64 internal constant AIR_GAP = 50;
    uint64 internal constant MATURITY = 200;
    uint256 internal constant BOND = 1 ether;
    uint256 internal constant REWARD_PER_BLOCK = 12 ether;
    uint128 internal constant ETHER_QUOTA = 100 ether;
    uint128 internal constant ETHER_FLOOR = 10 ether;

    uint64 internal expiry;

    SystemConfig internal systemConfig;
    OptimismPortal internal portal;
    WithdrawalQuota internal quota;
    AnchorStateRegistry internal anchors;
    DisputeGameFactory internal factory;
    ProofPolicy internal policy;
    ProverRewards internal rewards;
    MultiProofGame internal implementation;

    function setUp() public virtual {
        vm.roll(1000);
        vm.warp(1_000_000);
        _deployFoundations();
        systemConfig = SystemConfig(_named("SystemConfig"));
        portal = OptimismPortal(payable(_named("OptimismPortal")));
        anchors = AnchorStateRegistry(_named("AnchorStateRegistry"));
        factory = DisputeGameFactory(_named("DisputeGameFactory"));
        policy = _policy(requiresGpu(), FAST, SLOW, WINDOW);
        rewards = new ProverRewards(pha, anchors, registry, owner, REWARD_PER_BLOCK);

        quota = new WithdrawalQuota(
            address(portal), _named("L1StandardBridge"), systemConfig, owner, ETHER_QUOTA, ETHER_FLOOR
        );

        _proxy("SystemConfig", address(new SystemConfig()), abi.encodeCall(SystemConfig.initialize, (_parameters())));
        _proxy(
            "OptimismPortal",
            address(new OptimismPortal(MATURITY, quota)),
            abi.encodeCall(OptimismPortal.initialize, (systemConfig, anchors))
        );
        _deployAdmission(systemConfig);
        _proxy(
            "AnchorStateRegistry",
            address(new AnchorStateRegistry(AIR_GAP)),
            abi.encodeCall(
                AnchorStateRegistry.initialize,
                (systemConfig, factory, IAnchorStateRegistry.Proposal(GENESIS_ROOT, 0), GAME_TYPE)
            )
        );
        implementation = new MultiProofGame(anchors, registry, policy, rewards, CONFIG_HASH);
        _proxy(
            "DisputeGameFactory",
            address(new DisputeGameFactory()),
            abi.encodeCall(DisputeGameFactory.initialize, (owner, GAME_TYPE, IDisputeGame(address(implementation))))
        );

        expiry = uint64(block.timestamp) + KEY_LIFETIME;
        _register(TDX_KEY, IProverRegistry.Kind.TDX, TDX_IMAGE);
        _register(TDX_KEY_2, IProverRegistry.Kind.TDX, TDX_IMAGE);
        _register(SNP_KEY, IProverRegistry.Kind.SEV_SNP, SNP_IMAGE);
        _register(TDX_GPU_KEY, IProverRegistry.Kind.TDX_GPU, GPU_IMAGE);
        // Games of the deployment's own block are retired from the start.
        vm.roll(block.number + 1);
        vm.warp(block.timestamp + 12);
    }

    /// @notice Whether the policy under test asks for a GPU.
    function requiresGpu() internal pure virtual returns (bool) {
        return false;
    }

    /// @notice Lets the factory make games of a second type, which may then be respected.
    function _admitOtherType() internal {
        IDisputeGame game = IDisputeGame(address(new OtherGame()));
        vm.prank(owner);
        factory.setImplementation(OTHER_TYPE, game);
    }

    function _parameters() internal view returns (ISystemConfig.Parameters memory) {
        return ISystemConfig.Parameters({
            owner: owner,
            guardian: guardian,
            batcherHash: bytes32(uint256(uint160(account("batcher")))),
            basefeeScalar: 1368,
            blobbasefeeScalar: 810_949,
            gasLimit: 60_000_000,
            unsafeBlockSigner: account("signer"),
            eip1559Denominator: 250,
            eip1559Elasticity: 6,
            operatorFeeScalar: 0,
            operatorFeeConstant: 0,
            minBaseFee: 0,
            daFootprintGasScalar: 400,
            batchInbox: account("inbox"),
            l2ChainId: 2035,
            addresses: ISystemConfig.Addresses({
                l1CrossDomainMessenger: _named("L1CrossDomainMessenger"),
                l1StandardBridge: _named("L1StandardBridge"),
                optimismPortal: address(portal),
                disputeGameFactory: address(factory),
                optimismMintableERC20Factory: account("token factory")
            }),
            resourceConfig: IResourceMetering.ResourceConfig({
                maxResourceLimit: 20_000_000,
                elasticityMultiplier: 10,
                baseFeeMaxChangeDenominator: 8,
                minimumBaseFee: 1 gwei,
                systemTxMaxGas: 1_000_000,
                maximumBaseFee: type(uint128).max
            })
        });
    }

    /// @notice Proposes `root` at block `number` on the anchor or `parent`, with a proof by `key`.
    function _propose(uint256 key, bytes32 root, uint256 number, address parent) internal returns (MultiProofGame) {
        bytes32 head = blockhash(block.number - 1);
        bytes memory signature = _signature(key, _claim(head, _rootOf(parent), root, number));
        return MultiProofGame(
            address(
                factory.createWithProof(
                    GAME_TYPE, root, abi.encode(number, parent), head, uint64(block.number - 1), signature
                )
            )
        );
    }

    /// @notice Proposes with a bond of this contract, once provers are silent.
    function _proposeBonded(bytes32 root, uint256 number, address parent) internal returns (MultiProofGame) {
        return _proposeBondedBy(address(this), root, number, parent);
    }

    /// @notice The same, with a bond of `proposer`, who is given it.
    function _proposeBondedBy(address proposer, bytes32 root, uint256 number, address parent)
        internal
        returns (MultiProofGame)
    {
        _giveBond(proposer);
        vm.prank(proposer);
        return MultiProofGame(address(factory.create(GAME_TYPE, root, abi.encode(number, parent))));
    }

    /// @notice Gives `proposer` a bond, allowed to the factory.
    function _giveBond(address proposer) internal {
        if (proposer != address(this)) pha.transfer(proposer, BOND);
        vm.prank(proposer);
        pha.approve(address(factory), BOND);
    }

    function _policy(bool gpu, uint64 fast, uint64 slow, uint64 window) internal returns (ProofPolicy) {
        return new ProofPolicy(2, gpu, fast, slow, SILENCE, window, BOND, pha);
    }

    function _prove(MultiProofGame game, uint256 key, bytes32 root) internal {
        game.prove(root, _gameSignature(game, key, root));
    }

    function _gameSignature(MultiProofGame game, uint256 key, bytes32 root) internal view returns (bytes memory) {
        return _signature(
            key, _claim(game.l1Head(), game.previousOutputRoot(), root, game.l2BlockNumber())
        );
    }

    /// @notice A game that both vendors prove and that resolves.
    function _resolved(bytes32 root, uint256 number, address parent) internal returns (MultiProofGame game) {
        game = _propose(TDX_KEY, root, number, parent);
        _prove(game, SNP_KEY, root);
        _wait(FAST);
        game.resolve();
    }

    function _wait(uint256 seconds_) internal {
        vm.warp(block.timestamp + seconds_);
        vm.roll(block.number + 1);
    }

    function _rootOf(address parent) internal view returns (bytes32 root) {
        if (parent != address(0)) return MultiProofGame(parent).rootClaim();
        (root,) = anchors.getAnchorRoot();
    }

    function _claim(bytes32 head, bytes32 previous, bytes32 root, uint256 number) internal pure returns (Claim memory) {
        return Claim({
            rollupConfigHash: CONFIG_HASH,
            l1Head: head,
            previousOutputRoot: previous,
            outputRoot: root,
            l2BlockNumber: uint64(number)
        });
    }

    function _signature(uint256 key, Claim memory claim) internal view returns (bytes memory) {
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(key, registry.claimDigest(claim));
        return abi.encodePacked(r, s, v);
    }

    /// @notice Each key earns for itself, so that a test can tell whose money moved.
    function _beneficiary(uint256 key) internal pure override returns (address) {
        return vm.addr(key);
    }
}
