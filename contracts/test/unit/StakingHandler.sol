// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IProviderPledges} from "../../src/pha/staking/interfaces/IProviderPledges.sol";
import {IRewardDistributor} from "../../src/pha/staking/interfaces/IRewardDistributor.sol";
import {IVotingPha} from "../../src/pha/staking/interfaces/IVotingPha.sol";
import {StakingFixture} from "./StakingFixture.sol";

/// @title StakingHandler
/// @notice Random lives of four holders, two of whom provide compute, of governance and of strangers. Each act is done in
///         two systems alike; only the second is poked in between. No act may fail: what is refused by rule is not tried,
///         but for what must be refused, which is tried and remembered if it was not.
abstract contract StakingHandler is StakingFixture {
    Staking[2] internal _systems;
    address[4] internal _holders;
    bytes32[3] private _classNames = [bytes32("H100"), "H200", "B200"];

    uint256 internal _requests;
    mapping(uint256 id => uint256) internal _unlockAt;
    /// @dev PHA that each system's providers took.
    uint256[2] internal _taken;
    /// @dev The price: assets and shares, both with the virtual ones.
    uint256[2] private _priceAssets;
    uint256[2] private _priceShares;

    uint256 private _offences;
    /// @dev Names of what must never happen; empty while it has not.
    string internal _broken;

    uint256 private constant VIRTUAL_ASSETS = 10 ** 12;
    uint256 private constant VIRTUAL_SHARES = 10 ** 18;

    /// @dev Around every act: time flows, and no price falls.
    modifier act(uint256 time) {
        if (time % 4 == 0) _wait(_spread(time) % 20 days);
        _;
        for (uint256 s = 0; s < 2; ++s) {
            uint256 assets = _systems[s].vault.totalAssets() + VIRTUAL_ASSETS;
            uint256 shares = _systems[s].vault.totalSupply() + VIRTUAL_SHARES;
            if (assets * _priceShares[s] < _priceAssets[s] * shares) _broken = "the price fell";
            (_priceAssets[s], _priceShares[s]) = (assets, shares);
        }
    }

    function setUp() public virtual override {
        super.setUp();
        _holders = [alice, bob, carol, account("dave")];
        _systems[0] = Staking({vault: vault, distributor: distributor, pledges: pledges});
        _systems[1] = _deploy(pha);
        for (uint256 s = 0; s < 2; ++s) {
            for (uint256 i = 0; i < _holders.length; ++i) {
                vm.prank(_holders[i]);
                pha.approve(address(_systems[s].vault), type(uint256).max);
                vm.prank(_holders[i]);
                _systems[s].vault.approve(address(_systems[s].pledges), type(uint256).max);
            }
            pha.approve(address(_systems[s].distributor), type(uint256).max);
        }
        actDeposit(0, 0, 4_000 ether, 1);
        actFund(100_000 ether, 1);
    }

    function actDeposit(uint8 who, uint8 whom, uint96 amount, uint32 time) public act(time) {
        uint256 assets = bound(amount, 1, 10 ** 25);
        for (uint256 s = 0; s < 2; ++s) {
            if (_systems[s].vault.previewDeposit(assets) == 0) return;
            pha.mint(_holders[who % 4], assets);
            vm.prank(_holders[who % 4]);
            uint256 shares = _systems[s].vault.deposit(assets, _holders[whom % 4]);
            if (_systems[s].vault.previewRedeem(shares) > assets) _broken = "a deposit profits";
        }
    }

    function actMint(uint8 who, uint128 amount, uint32 time) external act(time) {
        uint256 shares = bound(amount, 1, 10 ** 31);
        for (uint256 s = 0; s < 2; ++s) {
            uint256 assets = _systems[s].vault.previewMint(shares);
            pha.mint(_holders[who % 4], assets);
            vm.prank(_holders[who % 4]);
            _systems[s].vault.mint(shares, _holders[who % 4]);
            if (_systems[s].vault.previewRedeem(shares) > assets) _broken = "a mint profits";
        }
    }

    function actTransfer(uint8 who, uint8 whom, uint256 part, uint32 time) external act(time) {
        for (uint256 s = 0; s < 2; ++s) {
            uint256 shares = _part(_systems[s].vault.balanceOf(_holders[who % 4]), part);
            vm.prank(_holders[who % 4]);
            _systems[s].vault.transfer(_holders[whom % 4], shares);
        }
    }

    /// @dev A fifth delegate is nobody.
    function actDelegate(uint8 who, uint8 whom, uint32 time) external act(time) {
        for (uint256 s = 0; s < 2; ++s) {
            vm.prank(_holders[who % 4]);
            _systems[s].vault.delegate(whom % 5 == 4 ? address(0) : _holders[whom % 5]);
        }
    }

    function actRequest(uint8 who, uint8 whom, uint256 part, uint32 time) external act(time) {
        address owner = _holders[who % 4];
        if (vault.unlocksOf(owner).length == vault.MOST_UNLOCKS()) return;
        uint256 shares = _part(vault.balanceOf(owner), part);
        if (vault.previewRedeem(shares) == 0) return;
        ++_requests;
        for (uint256 s = 0; s < 2; ++s) {
            vm.prank(owner);
            uint256 id = _systems[s].vault.requestUnlock(shares, _holders[whom % 4]);
            if (id != _requests) _broken = "an id is used twice";
        }
        _unlockAt[_requests] = block.timestamp + vault.unlockPeriod();
    }

    /// @dev By anyone, as soon as it may be.
    function actClaim(uint256 which, uint32 time) external act(time) {
        if (_requests == 0) return;
        uint256 id = 1 + _spread(which) % _requests;
        IVotingPha.Unlock memory unlock = vault.unlockOf(id);
        for (uint256 s = 0; s < 2; ++s) {
            uint256 before = pha.balanceOf(unlock.receiver);
            try _systems[s].vault.claim(id) {
                if (block.timestamp < _unlockAt[id]) _broken = "claimed early";
                if (pha.balanceOf(unlock.receiver) != before + unlock.assets) _broken = "not paid what was fixed";
            } catch {
                if (unlock.owner != address(0) && block.timestamp >= _unlockAt[id]) _broken = "not paid when due";
            }
        }
    }

    function actCancel(uint256 which, uint32 time) external act(time) {
        if (_requests == 0) return;
        uint256 id = 1 + _spread(which) % _requests;
        IVotingPha.Unlock memory unlock = vault.unlockOf(id);
        if (unlock.owner == address(0) || vault.previewDeposit(unlock.assets) == 0) return;
        for (uint256 s = 0; s < 2; ++s) {
            vm.prank(unlock.owner);
            uint256 shares = _systems[s].vault.cancelUnlock(id);
            if (shares > unlock.shares) _broken = "a cancellation profits";
        }
    }

    function actSetPeriod(uint32 period, uint32 time) external act(time) {
        for (uint256 s = 0; s < 2; ++s) {
            vm.prank(timelock);
            _systems[s].vault.setUnlockPeriod(bound(period, 7 days, 28 days));
        }
    }

    function actPledge(uint8 who, uint8 class, bool admitted, uint32 time) external act(time) {
        address provider = _holders[who % 2];
        bytes32 name = _classNames[class % 3];
        uint256 shares = pledges.classOf(name).collateral;
        for (uint256 s = 0; s < 2; ++s) {
            pha.mint(provider, _systems[s].vault.previewMint(shares));
            vm.prank(provider);
            _systems[s].vault.mint(shares, provider);
            vm.prank(provider);
            uint256 id = _systems[s].pledges.pledge(name, shares);
            if (!admitted) continue;
            vm.prank(admitter);
            _systems[s].pledges.admit(id, bytes32(id));
        }
    }

    function actTopUp(uint256 which, uint256 part, uint32 time) external act(time) {
        (uint256 id, IProviderPledges.Pledge memory pledge) = _pick(which);
        uint256 shares = _part(vault.balanceOf(pledge.provider), part);
        if (id == 0 || pledge.unbondedAt != 0 || shares == 0) return;
        for (uint256 s = 0; s < 2; ++s) {
            vm.prank(pledge.provider);
            _systems[s].pledges.topUp(id, shares);
        }
    }

    function actAdmit(uint256 which, uint32 time) external act(time) {
        (uint256 id, IProviderPledges.Pledge memory pledge) = _pick(which);
        if (id == 0 || pledge.unbondedAt != 0) return;
        for (uint256 s = 0; s < 2; ++s) {
            vm.prank(admitter);
            if (pledge.device == 0) _systems[s].pledges.admit(id, bytes32(id));
            else _systems[s].pledges.dismiss(id);
        }
    }

    function actUnbond(uint256 which, uint32 time) external act(time) {
        (uint256 id, IProviderPledges.Pledge memory pledge) = _pick(which);
        if (id == 0 || pledge.unbondedAt != 0) return;
        for (uint256 s = 0; s < 2; ++s) {
            vm.prank(pledge.provider);
            _systems[s].pledges.unbond(id);
        }
    }

    function actRelease(uint256 which, uint32 time) external act(time) {
        (uint256 id, IProviderPledges.Pledge memory pledge) = _pick(which);
        for (uint256 s = 0; s < 2; ++s) {
            try _systems[s].pledges.release(id) {
                bool due = pledge.unbondedAt != 0 && block.timestamp >= pledge.unbondedAt + pledges.UNBONDING_PERIOD();
                if (!due) _broken = "released early";
            } catch {}
        }
    }

    /// @dev For an act of any time; whatever the contract lets pass is judged here by itself. Then once more.
    function actSlash(uint256 which, uint256 amount, uint256 ago, uint32 time) external act(time) {
        (uint256 id, IProviderPledges.Pledge memory pledge) = _pick(which);
        uint256 earliest = pledge.bondedAt == 0 || ago % 4 == 0 ? block.timestamp - 40 days : pledge.bondedAt;
        uint256 committedAt = earliest + _spread(ago) % (block.timestamp - earliest + 1);
        bytes32 offence = bytes32(++_offences);
        for (uint256 s = 0; s < 2; ++s) {
            uint256 gift = _systems[s].distributor.totalFunded();
            vm.prank(timelock);
            try _systems[s].pledges.slash(id, _spread(amount) % 3_000 ether * 10 ** 6, offence, committedAt) returns (
                uint256 slashed
            ) {
                if (slashed > pledge.shares) _broken = "slashed more than was held";
                if (block.timestamp > committedAt + pledges.EVIDENCE_WINDOW()) _broken = "slashed after the window";
                if (committedAt < pledge.bondedAt) _broken = "slashed for the time before";
                if (pledge.unbondedAt != 0 && committedAt > pledge.unbondedAt) _broken = "slashed for the time after";
                if (_systems[s].distributor.totalFunded() < gift) _broken = "the slashed PHA is lost";
                vm.prank(timelock);
                try _systems[s].pledges.slash(id, 1, offence, committedAt) {
                    _broken = "slashed twice for one offence";
                } catch {}
            } catch {}
        }
    }

    function actSetClass(uint8 class, uint96 collateral, uint32 weight, uint32 time) external act(time) {
        bytes32 name = _classNames[class % 3];
        IProviderPledges.Class memory terms = IProviderPledges.Class({
            collateral: uint128(bound(collateral, 1, 3_000) * VPHA), weight: uint64(bound(weight, 1, 100_000))
        });
        for (uint256 s = 0; s < 2; ++s) {
            vm.prank(timelock);
            _systems[s].pledges.setClass(name, terms);
            for (uint256 id = 1; id <= pledges.pledgeCount(); ++id) _systems[s].pledges.refresh(id);
        }
    }

    function actTakeRewards(uint256 which, bool restake, uint32 time) external act(time) {
        (uint256 id, IProviderPledges.Pledge memory pledge) = _pick(which);
        if (id == 0 || pledges.rewardsOf(id) == 0) return;
        if (restake && vault.previewDeposit(pledges.rewardsOf(id)) == 0) return;
        for (uint256 s = 0; s < 2; ++s) {
            uint256 amount = _systems[s].pledges.rewardsOf(id);
            if (amount == 0) continue;
            vm.prank(pledge.provider);
            if (restake) _systems[s].pledges.restakeRewards(id);
            else _systems[s].pledges.claimRewards(id, pledge.provider);
            _taken[s] += amount;
        }
    }

    function actFund(uint96 amount, uint32 time) public act(time) {
        uint256 gift = bound(amount, 1, 10 ** 25);
        for (uint256 s = 0; s < 2; ++s) {
            pha.mint(address(this), gift);
            _systems[s].distributor.fund(gift);
        }
    }

    function actGovern(uint64 rate, uint16 a, uint16 b, uint32 time) external act(time) {
        uint256 toTreasury = bound(a, 0, 10_000);
        uint256 toStakers = bound(b, 0, 10_000 - toTreasury);
        for (uint256 s = 0; s < 2; ++s) {
            vm.prank(timelock);
            _systems[s].distributor.setRate(bound(rate, 0, 10 ether));
            vm.prank(timelock);
            _systems[s].distributor.setSplit(
                IRewardDistributor.Split({
                    treasury: uint16(toTreasury),
                    stakers: uint16(toStakers),
                    providers: uint16(10_000 - toTreasury - toStakers)
                })
            );
        }
    }

    /// @dev Only in the second system.
    function actPoke(uint8 how, uint32 time) external act(time) {
        Staking memory poked = _systems[1];
        uint256 rate = poked.distributor.rate();
        IRewardDistributor.Split memory split = poked.distributor.split();
        if (how % 3 == 0) {
            poked.distributor.payTreasury();
        } else if (how % 3 == 1) {
            vm.prank(timelock);
            poked.distributor.setRate(rate);
        } else {
            vm.prank(timelock);
            poked.distributor.setSplit(split);
        }
    }

    /// @dev PHA that nobody counts.
    function actDonate(uint8 where, uint96 amount, uint32 time) external act(time) {
        for (uint256 s = 0; s < 2; ++s) {
            address[3] memory all =
                [address(_systems[s].vault), address(_systems[s].distributor), address(_systems[s].pledges)];
            uint256 before = _systems[s].vault.totalAssets();
            pha.mint(all[where % 3], bound(amount, 1, 10 ** 25));
            if (_systems[s].vault.totalAssets() != before) _broken = "a donation moved the price";
        }
    }

    /// @dev One of all pledges; 0 when there is none. Both systems have the same.
    function _pick(uint256 which) private view returns (uint256 id, IProviderPledges.Pledge memory pledge) {
        uint256 count = pledges.pledgeCount();
        if (count == 0) return (0, pledge);
        id = 1 + _spread(which) % count;
        pledge = pledges.pledgeOf(id);
    }

    function _part(uint256 whole, uint256 part) private pure returns (uint256) {
        return part % 8 == 0 ? whole : whole / (1 + _spread(part) % 1000);
    }

    /// @dev Fuzzed numbers like the edges of their type.
    function _spread(uint256 fuzzed) private pure returns (uint256) {
        return uint256(keccak256(abi.encode(fuzzed)));
    }
}
