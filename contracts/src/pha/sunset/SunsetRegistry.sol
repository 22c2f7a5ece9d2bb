// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ECDSA} from "@openzeppelin/contracts/utils/cryptography/ECDSA.sol";
import {ISystemConfig} from "../../settlement/interfaces/ISystemConfig.sol";
import {HostVendors} from "../../tee/HostVendors.sol";
import {IProverRegistry} from "../../tee/interfaces/IProverRegistry.sol";
import {Sunset, SunsetLib} from "./SunsetStatement.sol";
import {ISunsetRegistry, RegistryTerms} from "./interfaces/ISunsetRegistry.sol";

/// @title SunsetRegistry
/// @notice See `ISunsetRegistry`. Not upgradeable, without an owner, and it holds nothing.
contract SunsetRegistry is ISunsetRegistry {
    using SunsetLib for Sunset;
    using HostVendors for uint256;

    /// @notice What a parachain's balance can hold: u128.
    uint256 public constant MAX_PLANCK = type(uint128).max;

    /// @notice A bound on the loops; several keys of each vendor outlast the end of one.
    uint256 public constant MAX_SIGNATURES = 8;

    /// @notice Longest that holders wait for a proposal's finality.
    uint256 public constant MAX_CHALLENGE_PERIOD = 30 days;

    /// @notice Proposals that the guardian can void: time to end broken keys, and no way to hold the sunset for ever.
    uint256 public constant MAX_FREEZES = 3;

    /// @inheritdoc ISunsetRegistry
    IProverRegistry public immutable proverRegistry;
    /// @inheritdoc ISunsetRegistry
    ISystemConfig public immutable systemConfig;
    /// @inheritdoc ISunsetRegistry
    uint8 public immutable minHostVendors;
    /// @inheritdoc ISunsetRegistry
    bytes32 public immutable genesisHash;
    /// @inheritdoc ISunsetRegistry
    bytes32 public immutable settingsHash;
    /// @inheritdoc ISunsetRegistry
    bytes32 public immutable finalityAnchor;
    /// @inheritdoc ISunsetRegistry
    uint64 public immutable registrationsFrom;
    /// @inheritdoc ISunsetRegistry
    uint64 public immutable height;
    /// @inheritdoc ISunsetRegistry
    uint64 public immutable challengePeriod;

    /// @inheritdoc ISunsetRegistry
    Status public status;
    /// @inheritdoc ISunsetRegistry
    uint256 public finalAt;
    /// @inheritdoc ISunsetRegistry
    uint256 public reopensAt;
    /// @inheritdoc ISunsetRegistry
    uint256 public finalizedAt;
    /// @inheritdoc ISunsetRegistry
    uint256 public freezesLeft = MAX_FREEZES;

    Sunset private _sunset;

    /// @dev Each once. At most MAX_SIGNATURES by a proposal, and as many more by what makes it final.
    address[] private _keys;

    modifier onlyProposed() {
        require(status == Status.PROPOSED, SunsetRegistry_NotProposed());
        _;
    }

    constructor(RegistryTerms memory terms) {
        require(
            address(terms.proverRegistry) != address(0) && address(terms.systemConfig) != address(0),
            SunsetRegistry_ZeroAddress()
        );
        uint8 vendors = terms.minHostVendors;
        require(HostVendors.canBeMet(vendors), SunsetRegistry_InvalidHostVendors(vendors));
        require(terms.genesisHash != 0, SunsetRegistry_ZeroHash());
        require(
            terms.registrationsFrom <= terms.height,
            SunsetRegistry_InvalidRegistrations(terms.registrationsFrom, terms.height)
        );
        uint64 period = terms.challengePeriod;
        require(period != 0 && period <= MAX_CHALLENGE_PERIOD, SunsetRegistry_InvalidChallengePeriod(period));
        proverRegistry = terms.proverRegistry;
        systemConfig = terms.systemConfig;
        minHostVendors = vendors;
        genesisHash = terms.genesisHash;
        settingsHash = SunsetLib.settingsHash(terms.finalityAnchor, terms.rules, terms.registrationsFrom);
        finalityAnchor = terms.finalityAnchor;
        registrationsFrom = terms.registrationsFrom;
        height = terms.height;
        challengePeriod = period;
    }

    /// @inheritdoc ISunsetRegistry
    function propose(Sunset calldata sunset, bytes[] calldata signatures) external {
        uint256 standsUntil = _makeRoom(sunset.structHash());
        require(block.timestamp >= reopensAt, SunsetRegistry_Closed(reopensAt));
        _requireOfThisBlock(sunset);
        _requireSound(sunset);
        uint256 count = signatures.length;
        require(count <= MAX_SIGNATURES, SunsetRegistry_TooManySignatures(MAX_SIGNATURES, count));
        bytes32 signed = sunset.digest(address(this), settingsHash);
        for (uint256 i = 0; i < count; ++i) {
            _addKey(_signer(signed, signatures[i], i));
        }
        _requireSupported();

        status = Status.PROPOSED;
        finalAt = standsUntil == 0 ? block.timestamp + challengePeriod : standsUntil;
        _sunset = sunset;
        emit Proposed(sunset.structHash(), sunset.claimsRoot, sunset, finalAt);
    }

    /// @inheritdoc ISunsetRegistry
    function contradict(Sunset calldata other, bytes calldata signature) external onlyProposed {
        _requireOfThisBlock(other);
        (bytes32 ours, bytes32 theirs) = (_sunset.structHash(), other.structHash());
        require(ours != theirs, SunsetRegistry_NoContradiction());
        address key = _signer(other.digest(address(this), settingsHash), signature, 0);
        emit Contradicted(ours, theirs, key);
        _void(VoidedBy.CONTRADICTION);
    }

    /// @inheritdoc ISunsetRegistry
    function reportEquivocation(
        Sunset calldata sunset,
        bytes calldata signature,
        Sunset calldata other,
        bytes calldata otherSignature
    ) external {
        require(finalityAnchor != 0, SunsetRegistry_NoAnchor());
        _requireOfThisBlock(sunset);
        _requireOfThisBlock(other);
        (bytes32 one, bytes32 two) = (sunset.structHash(), other.structHash());
        require(one != two, SunsetRegistry_NoContradiction());
        address key = _recover(sunset.digest(address(this), settingsHash), signature, 0);
        address otherKey = _recover(other.digest(address(this), settingsHash), otherSignature, 1);
        require(key == otherKey, SunsetRegistry_OtherKey(key, otherKey));
        emit Equivocation(key, one, two);
        proverRegistry.convict(key, msg.sender);
    }

    /// @inheritdoc ISunsetRegistry
    function freeze() external onlyProposed {
        require(msg.sender == systemConfig.guardian(), SunsetRegistry_Unauthorized(msg.sender));
        require(freezesLeft != 0, SunsetRegistry_NoFreezeLeft());
        freezesLeft -= 1;
        _void(VoidedBy.GUARDIAN);
    }

    /// @inheritdoc ISunsetRegistry
    function finalize(bytes[] calldata signatures) external onlyProposed {
        require(block.timestamp >= finalAt, SunsetRegistry_TooEarly(finalAt));
        uint256 count = signatures.length;
        require(count <= MAX_SIGNATURES, SunsetRegistry_TooManySignatures(MAX_SIGNATURES, count));
        bytes32 signed = _sunset.digest(address(this), settingsHash);
        _dropEndedKeys();
        for (uint256 i = 0; i < count; ++i) {
            address key = _recover(signed, signatures[i], i);
            // Skipped, not refused: whoever ends his key at the last moment takes nothing from the others'.
            if (proverRegistry.isValid(key) && !_isNamed(key)) _keys.push(key);
        }
        _requireSupported();
        status = Status.FINAL;
        finalizedAt = block.timestamp;
        emit Finalized(_sunset.structHash(), _sunset.claimsRoot);
    }

    /// @inheritdoc ISunsetRegistry
    function digest(Sunset calldata sunset) external view returns (bytes32) {
        return sunset.digest(address(this), settingsHash);
    }

    /// @inheritdoc ISunsetRegistry
    function finalSunset() external view returns (Sunset memory) {
        require(status == Status.FINAL, SunsetRegistry_NotFinal());
        return _sunset;
    }

    /// @inheritdoc ISunsetRegistry
    function proposal() external view returns (Sunset memory sunset, address[] memory keys) {
        return (_sunset, _keys);
    }

    /// @inheritdoc ISunsetRegistry
    function finalClaimsRoot() external view returns (bytes32) {
        require(status == Status.FINAL, SunsetRegistry_NotFinal());
        return _sunset.claimsRoot;
    }

    /// @dev Makes room for a proposal, or says what is in its way. Returns the standing `finalAt` if the same statement is
    ///      only supported anew, else zero: its time to be contradicted has run all along, and nobody's ended key may
    ///      begin it again.
    function _makeRoom(bytes32 next) private returns (uint256 standsUntil) {
        if (status == Status.NONE) return 0;
        require(status == Status.PROPOSED, SunsetRegistry_AlreadyFinal());
        bytes32 statement = _sunset.structHash();
        require(_vendors() < minHostVendors, SunsetRegistry_AlreadyProposed(statement));
        if (statement == next) standsUntil = finalAt;
        _clear();
        if (standsUntil == 0) emit Voided(statement, VoidedBy.LOST_SUPPORT, block.timestamp);
    }

    function _void(VoidedBy by) private {
        reopensAt = block.timestamp + challengePeriod;
        emit Voided(_sunset.structHash(), by, reopensAt);
        _clear();
    }

    function _clear() private {
        status = Status.NONE;
        finalAt = 0;
        delete _sunset;
        delete _keys;
    }

    function _addKey(address key) private {
        require(!_isNamed(key), SunsetRegistry_DuplicateKey(key));
        _keys.push(key);
    }

    function _dropEndedKeys() private {
        for (uint256 i = _keys.length; i > 0; --i) {
            if (proverRegistry.isValid(_keys[i - 1])) continue;
            _keys[i - 1] = _keys[_keys.length - 1];
            _keys.pop();
        }
    }

    function _isNamed(address key) private view returns (bool) {
        for (uint256 i = 0; i < _keys.length; ++i) {
            if (_keys[i] == key) return true;
        }
        return false;
    }

    /// @dev Who signed, if its signatures count now.
    function _signer(bytes32 signed, bytes calldata signature, uint256 index) private view returns (address key) {
        key = _recover(signed, signature, index);
        require(proverRegistry.isValid(key), SunsetRegistry_KeyDoesNotCount(key));
    }

    function _requireSupported() private view {
        uint256 vendors = _vendors();
        require(vendors >= minHostVendors, SunsetRegistry_TooFewVendors(minHostVendors, vendors));
    }

    /// @dev Distinct host vendors of the proposal's keys that count at this moment.
    function _vendors() private view returns (uint256) {
        uint256 seen;
        for (uint256 i = 0; i < _keys.length; ++i) {
            if (proverRegistry.isValid(_keys[i])) seen = seen.with(proverRegistry, _keys[i]);
        }
        return seen.count();
    }

    function _recover(bytes32 signed, bytes calldata signature, uint256 index) private pure returns (address) {
        (address key, ECDSA.RecoverError failure,) = ECDSA.tryRecover(signed, signature);
        require(failure == ECDSA.RecoverError.NoError, SunsetRegistry_InvalidSignature(index));
        return key;
    }

    function _requireOfThisBlock(Sunset calldata sunset) private view {
        require(sunset.genesisHash == genesisHash, SunsetRegistry_OtherGenesis(genesisHash, sunset.genesisHash));
        require(sunset.height == height, SunsetRegistry_OtherHeight(height, sunset.height));
    }

    /// @dev Each amount is bounded first, so that the sum cannot overflow.
    function _requireSound(Sunset calldata sunset) private pure {
        require(sunset.blockHash != 0 && sunset.stateRoot != 0 && sunset.claimsRoot != 0, SunsetRegistry_ZeroHash());
        bool bounded = sunset.issuance <= MAX_PLANCK && sunset.claimable <= MAX_PLANCK && sunset.claimable != 0
            && sunset.excluded <= MAX_PLANCK && sunset.rounding <= MAX_PLANCK;
        require(
            bounded && sunset.issuance == sunset.claimable + sunset.excluded + sunset.rounding,
            SunsetRegistry_InvalidAmounts()
        );
    }
}
