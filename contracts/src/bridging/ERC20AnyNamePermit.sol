// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IERC5267} from "@openzeppelin/contracts/interfaces/IERC5267.sol";
import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";
import {IERC20Permit} from "@openzeppelin/contracts/token/ERC20/extensions/IERC20Permit.sol";
import {Nonces} from "@openzeppelin/contracts/utils/Nonces.sol";
import {ECDSA} from "@openzeppelin/contracts/utils/cryptography/ECDSA.sol";
import {MessageHashUtils} from "@openzeppelin/contracts/utils/cryptography/MessageHashUtils.sol";

/// @title ERC20AnyNamePermit
/// @notice Approvals by signature (ERC-2612) for tokens with names of any length. OpenZeppelin's ERC20Permit refuses names
///         beyond 31 bytes, but the bridge's tokens are named by whoever named the token on the other layer.
abstract contract ERC20AnyNamePermit is ERC20, IERC20Permit, IERC5267, Nonces {
    bytes32 private constant PERMIT_TYPEHASH =
        keccak256("Permit(address owner,address spender,uint256 value,uint256 nonce,uint256 deadline)");

    /// @dev ERC-5267: name, version, chain id and verifying contract make up the domain.
    bytes1 private constant DOMAIN_FIELDS = 0x0f;
    string private constant DOMAIN_VERSION = "1";

    bytes32 private immutable _NAME_HASH;

    /// @notice The signature's deadline has passed.
    error ERC2612ExpiredSignature(uint256 deadline);

    /// @notice Another account signed, or another approval.
    error ERC2612InvalidSigner(address signer, address owner);

    constructor(string memory name_) {
        _NAME_HASH = keccak256(bytes(name_));
    }

    /// @inheritdoc IERC20Permit
    function permit(address owner, address spender, uint256 value, uint256 deadline, uint8 v, bytes32 r, bytes32 s)
        external
    {
        require(block.timestamp <= deadline, ERC2612ExpiredSignature(deadline));
        bytes32 structHash =
            keccak256(abi.encode(PERMIT_TYPEHASH, owner, spender, value, _useNonce(owner), deadline));
        address signer = ECDSA.recover(MessageHashUtils.toTypedDataHash(DOMAIN_SEPARATOR(), structHash), v, r, s);
        require(signer == owner, ERC2612InvalidSigner(signer, owner));
        _approve(owner, spender, value);
    }

    /// @inheritdoc IERC5267
    function eip712Domain()
        external
        view
        returns (
            bytes1 fields,
            string memory domainName,
            string memory domainVersion,
            uint256 chainId,
            address verifyingContract,
            bytes32 salt,
            uint256[] memory extensions
        )
    {
        return
            (DOMAIN_FIELDS, name(), DOMAIN_VERSION, block.chainid, address(this), bytes32(0), new uint256[](0));
    }

    /// @inheritdoc IERC20Permit
    function nonces(address owner) public view override(IERC20Permit, Nonces) returns (uint256) {
        return super.nonces(owner);
    }

    /// @inheritdoc IERC20Permit
    /// @dev Not cached: it must change with the chain id.
    function DOMAIN_SEPARATOR() public view returns (bytes32) {
        return MessageHashUtils.toDomainSeparator(
            DOMAIN_FIELDS, _NAME_HASH, keccak256(bytes(DOMAIN_VERSION)), block.chainid, address(this), bytes32(0)
        );
    }
}
