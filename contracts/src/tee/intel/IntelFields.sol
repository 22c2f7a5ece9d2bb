// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Json, JsonCursor} from "./Json.sol";

/// @title IntelFields
/// @notice What holds of all objects in Intel's statements: fields in any order, none twice, none missing.
library IntelFields {
    /// @notice A field that stands twice.
    error IntelFields_Repeated(uint256 position);

    /// @notice An object that ends at `position` and lacks a field; bit i of `found` is field i.
    error IntelFields_Missing(uint256 position, uint256 found);

    /// @notice Another version or type than is read here.
    error IntelFields_UnknownVersion(uint256 position);

    /// @notice A status that is not known, or not of what it stands at.
    error IntelFields_UnknownStatus(uint256 position);

    /// @notice A list that is longer than any of Intel's, or of another length than it must have.
    error IntelFields_InvalidList(uint256 position);

    /// @notice The number that says in which form an object is written.
    function requireVersion(JsonCursor memory cursor, uint256 wanted) internal pure {
        uint256 position = cursor.position;
        require(Json.number(cursor, type(uint32).max) == wanted, IntelFields_UnknownVersion(position));
    }

    /// @notice Adds the bit of a field just read to those found; zero stands for one that is passed over.
    function once(JsonCursor memory cursor, uint256 found, uint256 field) internal pure returns (uint256) {
        require(found & field == 0, IntelFields_Repeated(cursor.position));
        return found | field;
    }

    /// @notice An object that ends here has all fields that are wanted.
    function requireAll(JsonCursor memory cursor, uint256 found, uint256 wanted) internal pure {
        require(found & wanted == wanted, IntelFields_Missing(cursor.position, found));
    }
}
