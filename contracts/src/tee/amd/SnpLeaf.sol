// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {AmdKey} from "../certificates/AmdExtensions.sol";
import {Der} from "../certificates/Der.sol";
import {ISnpReportVerifier} from "../interfaces/ISnpReportVerifier.sol";
import {AmdProduct, SnpTcb} from "./SnpTcb.sol";

/// @notice What AMD says of the key that signed a report.
/// @param id The certificate's, in the cache.
/// @param product Of the root above it.
/// @param isVlek Lent to a cloud for all of its machines; else the chip's own.
/// @param tcb For which the key was derived.
/// @param holder The chip's identity, 64 bytes, of Turin 8; of a VLEK the cloud's name.
struct AmdLeaf {
    bytes32 id;
    AmdProduct product;
    bool isVlek;
    uint40 tcb;
    bytes holder;
}

/// @title SnpLeaf
/// @notice Step 3: AMD's extensions of a leaf are those of its kind and of the product of its root.
library SnpLeaf {
    /// @dev Longer names of clouds are none.
    uint256 private constant NAME_BYTES_MAX = 128;

    /// @notice As in the names of certificates.
    function nameOf(AmdProduct product) internal pure returns (bytes5) {
        return product == AmdProduct.GENOA ? bytes5("Genoa") : bytes5("Turin");
    }

    /// @notice Bytes of a chip's identity; the others of CHIP_ID are zero (AMD 57230, section 3.1).
    function chipIdBytes(AmdProduct product) internal pure returns (uint256) {
        return product == AmdProduct.GENOA ? 64 : 8;
    }

    /// @notice Judges what `AmdExtensions` read.
    function read(bytes32 id, AmdKey memory key, AmdProduct product, bool isVlek)
        internal
        pure
        returns (AmdLeaf memory leaf)
    {
        leaf.id = id;
        (leaf.product, leaf.isVlek) = (product, isVlek);
        // Turin alone has an FMC.
        require(
            key.hasFmc == (product == AmdProduct.TURIN) && isVlek == (key.cloudId.length != 0),
            ISnpReportVerifier.SnpReportVerifier_LeafExtensions(id)
        );
        leaf.tcb = SnpTcb.pack(key.fmc, key.bootLoader, key.tee, key.snp, key.microcode);
        leaf.holder = isVlek ? _cloud(id, key.cloudId) : _chip(id, key.hardwareId, chipIdBytes(product));
        require(
            _isOfProduct(key.product, product), ISnpReportVerifier.SnpReportVerifier_LeafProduct(id, key.product)
        );
    }

    /// @dev The bytes themselves, or an OCTET STRING of them: AMD has written both.
    function _chip(bytes32 id, bytes memory value, uint256 size) private pure returns (bytes memory) {
        if (value.length == size) return value;
        value = Der.slice(value, Der.expectLast(value, 0, value.length, Der.OCTET_STRING), value.length);
        require(value.length == size, ISnpReportVerifier.SnpReportVerifier_LeafExtensions(id));
        return value;
    }

    /// @dev An IA5String of printable characters.
    function _cloud(bytes32 id, bytes memory value) private pure returns (bytes memory name) {
        name = Der.slice(value, Der.expectLast(value, 0, value.length, Der.IA5_STRING), value.length);
        bool isText = name.length != 0 && name.length <= NAME_BYTES_MAX;
        for (uint256 i = 0; i < name.length && isText; ++i) {
            isText = name[i] >= 0x20 && name[i] < 0x7f;
        }
        require(isText, ISnpReportVerifier.SnpReportVerifier_LeafExtensions(id));
    }

    /// @dev "Genoa", or with a stepping "Genoa-B1" (AMD 57230, table 8).
    function _isOfProduct(bytes memory text, AmdProduct product) private pure returns (bool) {
        if (bytes5(text) != nameOf(product)) return false;
        if (text.length == 5) return true;
        return text.length == 8 && text[5] == "-" && text[6] >= "A" && text[6] <= "Z" && text[7] >= "0" && text[7] <= "9";
    }
}
