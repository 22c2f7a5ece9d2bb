// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @title VendorRoots
/// @notice Ids (keccak256 of the signed part) of the roots under which the vendors sign hardware; beside each SHA-256 of
///         the whole certificate, by which anyone can compare it with what the vendor publishes.
/// @dev AMD's Milan is left out: a way to extract its signing keys by software alone was reported (arXiv 2605.12990).
library VendorRoots {
    /// @notice Intel SGX Root CA, https://certificates.trustedservices.intel.com.
    /// @dev SHA-256 44a0196b2b99f889b8e149e95b807a350e7424964399e885a7cbb8ccfab674d3.
    bytes32 internal constant INTEL_SGX = 0x0fa74a3f32c80b978c8ad671395dabf24283eef9091bc3919fd39b9915a87f1a;

    /// @notice ARK-Genoa, https://kdsintf.amd.com/vcek/v1/Genoa/cert_chain.
    /// @dev SHA-256 4c6598d19c18719c5dfd4a7d335f674e5bfe1d8f800cea2cf270c10d103db2f1.
    bytes32 internal constant AMD_GENOA = 0xfb2ef3f20009b625ef03aeb2de37f9b3a3e52fc180eea286d80696fca306f197;

    /// @notice ARK-Turin, https://kdsintf.amd.com/vcek/v1/Turin/cert_chain.
    /// @dev SHA-256 1f084161a44bb6d93778a904877d4819cafa5d05ef4193b2ded9dd9c73dd3f6a.
    bytes32 internal constant AMD_TURIN = 0xbf5dd0a6c8d5bd65b5178559859aa15e512dfbe15e506177d316de74e25dab8e;

    /// @notice NVIDIA Device Identity CA, as NVIDIA's verifier (nvtrust) pins it.
    /// @dev SHA-256 102bf659d5419614c9d8e6aecebc80454eb26b1df6a769ac720b9a690b167b48.
    bytes32 internal constant NVIDIA_DEVICE = 0xfac9936c8c9c042e4aca92d7b440583fe99a4320eaf29ce5f1e0d45fb1113630;
}
