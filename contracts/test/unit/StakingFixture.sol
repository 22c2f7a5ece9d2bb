// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {OptimismMintableERC20} from "../../src/bridging/OptimismMintableERC20.sol";
import {ProviderPledges} from "../../src/pha/staking/ProviderPledges.sol";
import {RewardDistributor} from "../../src/pha/staking/RewardDistributor.sol";
import {VotingPha} from "../../src/pha/staking/VotingPha.sol";
import {IRewardDistributor} from "../../src/pha/staking/interfaces/IRewardDistributor.sol";
import {IVotingPha} from "../../src/pha/staking/interfaces/IVotingPha.sol";
import {Base} from "./Base.sol";

/// @title StakingFixture
/// @notice PHA as it is on L2, and the three staking contracts around it. The test contract is the token's bridge.
abstract contract StakingFixture is Base {
    struct Staking {
        VotingPha vault;
        RewardDistributor distributor;
        ProviderPledges pledges;
    }

    uint256 internal constant PHA = 10 ** 18;
    uint256 internal constant VPHA = 10 ** 24;
    uint256 internal constant RATE = 1 ether;
    uint256 internal constant START = 1_800_000_000;
    bytes32 internal constant H100 = "H100";

    OptimismMintableERC20 internal pha;
    VotingPha internal vault;
    RewardDistributor internal distributor;
    ProviderPledges internal pledges;

    address internal timelock = account("timelock");
    address internal treasury = account("treasury");
    address internal admitter = account("admitter");
    address internal alice = account("alice");
    address internal bob = account("bob");
    address internal carol = account("carol");

    function setUp() public virtual {
        vm.warp(START);
        pha = new OptimismMintableERC20(address(this), account("PHA on L1"), "Phala", "PHA", 18);
        Staking memory staking = _deploy(pha);
        (vault, distributor, pledges) = (staking.vault, staking.distributor, staking.pledges);
    }

    /// @dev Each knows the others' addresses before they are there.
    function _deploy(IERC20 token) internal returns (Staking memory staking) {
        uint256 nonce = vm.getNonce(address(this));
        address distributor_ = vm.computeCreateAddress(address(this), nonce);
        address vault_ = vm.computeCreateAddress(address(this), nonce + 1);
        address pledges_ = vm.computeCreateAddress(address(this), nonce + 2);
        staking.distributor = new RewardDistributor(token, vault_, pledges_, treasury, timelock, RATE);
        staking.vault = new VotingPha(token, IRewardDistributor(distributor_), pledges_, timelock);
        staking.pledges =
            new ProviderPledges(IVotingPha(vault_), IRewardDistributor(distributor_), timelock, admitter);
        assertEq(address(staking.pledges), pledges_);
    }

    function _deposit(address from, uint256 assets) internal returns (uint256 shares) {
        pha.mint(from, assets);
        vm.prank(from);
        pha.approve(address(vault), assets);
        vm.prank(from);
        return vault.deposit(assets, from);
    }

    function _fund(uint256 amount) internal {
        pha.mint(address(this), amount);
        pha.approve(address(distributor), amount);
        distributor.fund(amount);
    }

    function _request(address owner, uint256 shares) internal returns (uint256 id) {
        vm.prank(owner);
        return vault.requestUnlock(shares, owner);
    }

    function _pledge(address provider, bytes32 class, uint256 shares) internal returns (uint256 id) {
        vm.prank(provider);
        vault.approve(address(pledges), shares);
        vm.prank(provider);
        return pledges.pledge(class, shares);
    }

    /// @dev A pledge that earns: deposited for, and admitted.
    function _provide(address provider, bytes32 class) internal returns (uint256 id) {
        uint256 shares = pledges.classOf(class).collateral;
        _deposit(provider, vault.previewMint(shares));
        id = _pledge(provider, class, shares);
        vm.prank(admitter);
        pledges.admit(id, keccak256(abi.encode("device", id)));
    }

    function _slash(uint256 id, uint256 shares, bytes32 offence, uint256 committedAt) internal returns (uint256) {
        vm.prank(timelock);
        return pledges.slash(id, shares, offence, committedAt);
    }

    function _wait(uint256 time) internal {
        vm.warp(block.timestamp + time);
    }
}
