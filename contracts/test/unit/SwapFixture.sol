// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ParachainSwap} from "../../src/pha/swap/ParachainSwap.sol";
import {Release} from "../../src/pha/swap/Release.sol";
import {Runtime, SwapSettings} from "../../src/pha/swap/SwapSettings.sol";
import {SwapTerms} from "../../src/pha/swap/interfaces/IParachainSwap.sol";
import {ISystemConfig} from "../../src/settlement/interfaces/ISystemConfig.sol";
import {IProverRegistry} from "../../src/tee/interfaces/IProverRegistry.sol";
import {AdmissionFixture} from "./AdmissionFixture.sol";

/// @notice What the swap asks of the system's configuration.
contract GuardianDouble {
    address public guardian;

    constructor(address guardian_) {
        guardian = guardian_;
    }
}

/// @title SwapFixture
/// @notice A swap of 1000 PHA a day before the real registry, in which keys of both vendors stand.
abstract contract SwapFixture is AdmissionFixture {
    bytes32 internal constant GENESIS = keccak256("parachain");
    bytes32 internal constant ANCHOR = keccak256("authorities");
    uint128 internal constant MINIMUM = 1e10;
    uint64 internal constant FIRST = 100;
    uint64 internal constant LAST = 9_064_613;
    uint128 internal constant PER_DAY = 1000 ether;
    uint256 internal constant FUNDED = 100_000 ether;
    /// @dev 1 PHA on the parachain.
    uint256 internal constant PHA = 1e12;

    ParachainSwap internal swap;
    /// @dev Those that it was deployed with.
    bytes32 internal settings;
    address internal governance = account("timelock");
    address internal treasury = account("treasury");
    address internal receiver = account("receiver");
    address internal relayer = account("relayer");

    function setUp() public virtual {
        vm.warp(1_800_000_000);
        vm.roll(1000);
        _deployFoundations();
        _deployAdmission(ISystemConfig(address(new GuardianDouble(guardian))));
        _register(TDX_KEY, IProverRegistry.Kind.TDX, TDX_IMAGE);
        _register(TDX_KEY_2, IProverRegistry.Kind.TDX, TDX_IMAGE);
        _register(TDX_GPU_KEY, IProverRegistry.Kind.TDX_GPU, GPU_IMAGE);
        _register(SNP_KEY, IProverRegistry.Kind.SEV_SNP, SNP_IMAGE);
        swap = new ParachainSwap(_terms());
        settings = _settingsOf(_runtimes(1));
        pha.transfer(address(swap), FUNDED);
    }

    function _terms() internal view returns (SwapTerms memory) {
        return SwapTerms({
            token: pha,
            registry: registry,
            systemConfig: attestationPolicy.systemConfig(),
            governance: governance,
            minHostVendors: 2,
            genesisHash: GENESIS,
            firstHeight: FIRST,
            lastHeight: LAST,
            minimum: MINIMUM,
            finalityAnchor: ANCHOR,
            runtimes: _runtimes(1),
            perDay: PER_DAY,
            closesAt: uint64(block.timestamp + 3 * 365 days),
            leftoverTo: treasury
        });
    }

    /// @notice The first runtimes of the parachain.
    function _runtimes(uint32 count) internal pure returns (Runtime[] memory runtimes) {
        runtimes = new Runtime[](count);
        for (uint32 i = 0; i < count; ++i) {
            runtimes[i] = Runtime(1230 + 10 * i, keccak256(abi.encode("metadata", i)));
        }
    }

    function _settingsOf(Runtime[] memory runtimes) internal view returns (bytes32) {
        return SwapSettings.settingsHash(swap.rulesHash(), runtimes);
    }

    /// @notice Has governance name one more, so many in all. Returns the settings.
    function _nameRuntimes(uint32 count) internal returns (bytes32) {
        vm.prank(governance);
        swap.nameRuntimes(_runtimes(count));
        return _settingsOf(_runtimes(count));
    }

    /// @notice A deposit by its number, each at an event of its own.
    function _deposit(uint32 number, uint256 planck) internal view returns (Release memory) {
        return Release({
            genesisHash: GENESIS,
            height: FIRST + number / 4,
            blockHash: keccak256(abi.encode("block", number / 4)),
            extrinsicIndex: 2 + number % 4,
            eventIndex: 5 + 10 * (number % 4),
            sender: keccak256(abi.encode("sender", number)),
            receiver: receiver,
            planck: planck
        });
    }

    function _sign(Release memory deposit, uint256 key) internal view returns (bytes memory) {
        return _signBy(settings, deposit, key);
    }

    /// @notice Judged by some settings.
    function _signBy(bytes32 settings_, Release memory deposit, uint256 key) internal view returns (bytes memory) {
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(key, swap.digest(deposit, settings_));
        return abi.encodePacked(r, s, v);
    }

    function _signedBy(bytes32 settings_, Release memory deposit)
        internal
        view
        returns (bytes[] memory signatures)
    {
        signatures = new bytes[](2);
        signatures[0] = _signBy(settings_, deposit, TDX_KEY);
        signatures[1] = _signBy(settings_, deposit, SNP_KEY);
    }

    function _signed(Release memory deposit, uint256 key, uint256 otherKey)
        internal
        view
        returns (bytes[] memory signatures)
    {
        signatures = new bytes[](2);
        (signatures[0], signatures[1]) = (_sign(deposit, key), _sign(deposit, otherKey));
    }

    function _signed(Release memory deposit) internal view returns (bytes[] memory) {
        return _signed(deposit, TDX_KEY, SNP_KEY);
    }

    function _id(Release memory deposit) internal view returns (bytes32) {
        return swap.depositId(deposit.height, deposit.eventIndex);
    }
}
