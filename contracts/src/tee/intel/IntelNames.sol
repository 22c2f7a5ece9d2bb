// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @title IntelNames
/// @notice What Intel's certificates are called, as keccak256: by its common name each has one role (Intel SGX PCK
///         Certificate and Certificate Revocation List Profile Specification, sections 1.2 and 1.3).
library IntelNames {
    bytes32 internal constant PCK = keccak256("Intel SGX PCK Certificate");
    bytes32 internal constant PCK_PLATFORM_CA = keccak256("Intel SGX PCK Platform CA");
    bytes32 internal constant PCK_PROCESSOR_CA = keccak256("Intel SGX PCK Processor CA");
    bytes32 internal constant TCB_SIGNING = keccak256("Intel SGX TCB Signing");
}
