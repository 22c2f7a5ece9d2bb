// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IERC4626} from "@openzeppelin/contracts/interfaces/IERC4626.sol";
import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {ERC4626} from "@openzeppelin/contracts/token/ERC20/extensions/ERC4626.sol";
import {PhaTestToken} from "../../src/pha/PhaTestToken.sol";
import {ISubstrateSignatures} from "../../src/pha/keys/interfaces/ISubstrateSignatures.sol";
import {SunsetClaims} from "../../src/pha/sunset/SunsetClaims.sol";
import {SunsetStaker} from "../../src/pha/sunset/SunsetStaker.sol";
import {
    ClaimForm,
    ClaimRole,
    ClaimTerms,
    Entitlement,
    KeySignature,
    Multisig,
    Order,
    Owners,
    ProxyLink
} from "../../src/pha/sunset/interfaces/ISunsetClaims.sol";
import {ISunsetRegistry} from "../../src/pha/sunset/interfaces/ISunsetRegistry.sol";
import {BridgingFixture} from "./BridgingFixture.sol";

/// @notice Stands for the registry of statements: it says what the test says.
contract SunsetDouble {
    error SunsetDouble_NotFinal();

    bytes32 public constant genesisHash = keccak256("parachain"); // solhint-disable-line const-name-snakecase
    uint64 public constant height = 9_064_613; // solhint-disable-line const-name-snakecase
    uint256 public finalizedAt;
    uint256 public reopensAt;
    uint256 public finalAt;
    ISunsetRegistry.Status public status;
    bytes32 private _root;

    function set(bytes32 root) external {
        (_root, finalizedAt) = (root, block.timestamp);
        status = ISunsetRegistry.Status.FINAL;
    }

    function setUndecided(ISunsetRegistry.Status status_, uint256 reopensAt_, uint256 finalAt_) external {
        (status, reopensAt, finalAt, finalizedAt) = (status_, reopensAt_, finalAt_, 0);
    }

    function finalClaimsRoot() external view returns (bytes32) {
        require(finalizedAt != 0, SunsetDouble_NotFinal());
        return _root;
    }
}

/// @notice Stands for the parachain's signature schemes: a signature is a hash of key and message, which anybody can make. A
///         multisig is a hash of its members, as the real one is.
contract SignaturesDouble is ISubstrateSignatures {
    function isValid(KeyKind kind, bytes calldata publicKey, bytes calldata message, bytes calldata signature)
        external
        pure
        returns (bool)
    {
        return keccak256(signature) == keccak256(abi.encode(keccak256(abi.encode(kind, publicKey, message))));
    }

    function accountOf(KeyKind, bytes calldata publicKey) external pure returns (bytes32) {
        return publicKey.length == 32 ? bytes32(publicKey) : keccak256(publicKey);
    }

    function multisigAccountOf(bytes32[] calldata signatories, uint16 threshold) external pure returns (bytes32) {
        bool holds = signatories.length > 1 && threshold != 0 && threshold <= signatories.length;
        for (uint256 i = 1; holds && i < signatories.length; ++i) {
            holds = signatories[i - 1] < signatories[i];
        }
        require(holds, SubstrateSignatures_Multisig(signatories.length, threshold));
        return keccak256(abi.encode(signatories, threshold));
    }
}

/// @notice Stands for vPHA: a plain ERC-4626 vault that can be told to refuse.
contract VaultDouble is ERC4626 {
    error VaultDouble_Refused();

    bool public refuses;

    constructor(IERC20 asset_) ERC20("vault double", "vDOUBLE") ERC4626(asset_) {}

    function refuse(bool refuses_) external {
        refuses = refuses_;
    }

    function deposit(uint256 assets, address receiver) public override returns (uint256) {
        require(!refuses, VaultDouble_Refused());
        return super.deposit(assets, receiver);
    }
}

/// @title SunsetFixture
/// @notice The claims contract before the real bridge and messengers of both layers, with a tree of claims that a test adds
///         leaves to.
abstract contract SunsetFixture is BridgingFixture {
    struct Leaf {
        uint8 kind;
        bytes32 account;
        bytes32 subject;
        uint256 value;
    }

    uint8 internal constant BALANCE = 0;
    uint8 internal constant PROXY = 1;
    uint8 internal constant RECEIVER = 2;
    uint256 internal constant FUNDED = 1_000_000 ether;
    uint32 internal constant BLOCK_TIME = 12;
    /// @dev 1 PHA on the parachain.
    uint256 internal constant PHA = 1e12;

    SunsetDouble internal sunset;
    SignaturesDouble internal signatures;
    PhaTestToken internal pha;
    SunsetClaims internal claims;
    SunsetStaker internal staker;
    VaultDouble internal vault;
    IERC20 internal l2Pha;
    Leaf[] internal leaves;

    address internal receiver = account("receiver");
    address internal stranger = account("stranger");
    address internal treasury = account("treasury");

    function setUp() public virtual {
        vm.warp(1_800_000_000);
        vm.roll(1000);
        setUpBridging();
        sunset = new SunsetDouble();
        signatures = new SignaturesDouble();
        pha = new PhaTestToken(address(this), 10 * FUNDED);
        l2Pha = IERC20(l2Factory.createOptimismMintableERC20(address(pha), "Phala", "PHA"));
        vault = new VaultDouble(l2Pha);
        // The claims contract is the second one from here.
        address claimsTo = vm.computeCreateAddress(address(this), vm.getNonce(address(this)) + 1);
        staker = new SunsetStaker(claimsTo, l2Pha, IERC4626(address(vault)));
        claims = new SunsetClaims(_terms());
        pha.approve(address(claims), type(uint256).max);
        claims.fund(FUNDED);
    }

    function _terms() internal view returns (ClaimTerms memory) {
        return ClaimTerms({
            sunset: ISunsetRegistry(address(sunset)),
            signatures: signatures,
            token: pha,
            bridge: l1Bridge,
            messenger: l1Messenger,
            l2Token: address(l2Pha),
            l2Staker: address(staker),
            secondsPerBlock: BLOCK_TIME,
            closesAt: uint64(block.timestamp + 5 * 365 days),
            leftoverTo: treasury
        });
    }

    /// @notice Adds a leaf, and publishes the root.
    function _add(uint8 kind, bytes32 account_, bytes32 subject, uint256 value) internal returns (uint256 index) {
        index = leaves.length;
        leaves.push(Leaf(kind, account_, subject, value));
        sunset.set(_root());
    }

    function _hold(bytes32 account_, uint256 planck) internal returns (uint256 index) {
        return _add(BALANCE, account_, 0, planck);
    }

    function _entitlement(uint256 index) internal view returns (Entitlement memory) {
        return Entitlement(leaves[index].account, leaves[index].value, _proof(index));
    }

    function _link(uint256 index) internal view returns (ProxyLink memory) {
        return ProxyLink(leaves[index].subject, uint32(leaves[index].value), _proof(index));
    }

    function _order(ClaimForm form) internal view returns (Order memory) {
        return Order(receiver, form, uint64(block.timestamp + 1 days));
    }

    /// @notice AccountId of the key of this number, which is the key.
    function _key(uint256 number) internal pure returns (bytes32) {
        return keccak256(abi.encode("key", number));
    }

    /// @notice What the key of this number signs.
    function _sign(uint256 number, bytes memory text) internal pure returns (KeySignature memory) {
        return _signAs(ISubstrateSignatures.KeyKind.SR25519, abi.encode(_key(number)), text, false);
    }

    function _signAs(ISubstrateSignatures.KeyKind kind, bytes memory publicKey, bytes memory text, bool wrapped)
        internal
        pure
        returns (KeySignature memory)
    {
        bytes memory signed = wrapped ? bytes.concat("<Bytes>", text, "</Bytes>") : text;
        bytes memory signature = abi.encode(keccak256(abi.encode(kind, publicKey, signed)));
        return KeySignature(kind, wrapped, publicKey, signature);
    }

    /// @notice An owner's signature over its order.
    function _owned(uint256 index, Order memory order, uint256 key) internal view returns (KeySignature memory) {
        return _sign(key, _text(index, order, ClaimRole.OWNER));
    }

    /// @notice A claim by an account's own key that fails for this reason.
    function _refused(uint256 index, Order memory order, KeySignature memory ownership, bytes memory reason) internal {
        Entitlement memory entitlement = _entitlement(index);
        vm.expectRevert(reason);
        claims.claim(entitlement, order, ownership);
    }

    function _text(uint256 index, Order memory order, ClaimRole role) internal view returns (bytes memory) {
        return claims.message(leaves[index].account, leaves[index].value, order, role);
    }

    /// @notice Evidence of keys, one after the other, and nothing else.
    function _owners(bytes memory text, uint256[] memory keys) internal pure returns (Owners memory owners) {
        owners.keys = new KeySignature[](keys.length);
        for (uint256 i = 0; i < keys.length; ++i) {
            owners.keys[i] = _sign(keys[i], text);
        }
    }

    /// @notice A multisig of the keys of these numbers, in the order in which it has them.
    function _multisig(bytes32[] memory members, uint16 threshold) internal pure returns (Multisig memory) {
        for (uint256 i = 1; i < members.length; ++i) {
            for (uint256 j = i; j > 0 && members[j] < members[j - 1]; --j) {
                (members[j], members[j - 1]) = (members[j - 1], members[j]);
            }
        }
        return Multisig(members, threshold);
    }

    function _multisigOf(uint256 first, uint256 count, uint16 threshold) internal pure returns (Multisig memory) {
        bytes32[] memory members = new bytes32[](count);
        for (uint256 i = 0; i < count; ++i) {
            members[i] = _key(first + i);
        }
        return _multisig(members, threshold);
    }

    function _accountOf(Multisig memory multisig) internal view returns (bytes32) {
        return signatures.multisigAccountOf(multisig.signatories, multisig.threshold);
    }

    function _list(uint256 a) internal pure returns (uint256[] memory list) {
        list = new uint256[](1);
        list[0] = a;
    }

    function _list(uint256 a, uint256 b) internal pure returns (uint256[] memory list) {
        list = new uint256[](2);
        (list[0], list[1]) = (a, b);
    }

    function _root() internal view returns (bytes32) {
        bytes32[] memory level = _level();
        while (level.length > 1) {
            level = _above(level);
        }
        return level[0];
    }

    function _proof(uint256 index) internal view returns (bytes32[] memory proof) {
        bytes32[] memory level = _level();
        bytes32[] memory found = new bytes32[](64);
        uint256 count;
        while (level.length > 1) {
            uint256 sibling = index ^ 1;
            if (sibling < level.length) found[count++] = level[sibling];
            (level, index) = (_above(level), index / 2);
        }
        proof = new bytes32[](count);
        for (uint256 i = 0; i < count; ++i) {
            proof[i] = found[i];
        }
    }

    function _hashOf(Leaf memory leaf) internal pure returns (bytes32) {
        return keccak256(
            bytes.concat(keccak256(abi.encode(leaf.kind, leaf.account, leaf.subject, leaf.value)))
        );
    }

    function _level() private view returns (bytes32[] memory level) {
        level = new bytes32[](leaves.length);
        for (uint256 i = 0; i < level.length; ++i) {
            level[i] = _hashOf(leaves[i]);
        }
    }

    /// @dev The level above; who has no sibling goes up as it is.
    function _above(bytes32[] memory level) private pure returns (bytes32[] memory above) {
        above = new bytes32[]((level.length + 1) / 2);
        for (uint256 i = 0; i < above.length; ++i) {
            bytes32 a = level[2 * i];
            if (2 * i + 1 == level.length) {
                above[i] = a;
                continue;
            }
            bytes32 b = level[2 * i + 1];
            above[i] = a < b ? keccak256(abi.encode(a, b)) : keccak256(abi.encode(b, a));
        }
    }
}
