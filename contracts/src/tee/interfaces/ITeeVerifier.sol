// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IProverRegistry} from "./IProverRegistry.sol";

/// @title ITeeVerifier
/// @notice One vendor's evidence about a TEE, verified on L1: signatures, certificates, revocation, identities and the TCB.
///         It says what the evidence says; whether that is good enough (measurement, platform, TCB status, report data) is
///         for whoever admits a key.
interface ITeeVerifier {
    /// @param vendor Who made the CPU.
    /// @param tcbStatus The vendor's judgement of the TCB; 0 is the best one. Meaning of the others: the verifier's.
    /// @param tcbEvaluation Number of the vendor's evaluation of TCBs by which it was judged; 0 where there is none.
    /// @param advisories What the vendor says against the TCB: a digest to be compared, zero for nothing.
    /// @param measurement Identity of the measured image, of all registers.
    /// @param platformId Identity of the machine: keccak256 of the vendor's own identifier.
    /// @param certificate Id in the certificate cache of the certificate that vouches for the machine.
    /// @param reportData The 64 bytes that the TEE asked to be signed.
    struct Report {
        IProverRegistry.HostVendor vendor;
        uint8 tcbStatus;
        uint32 tcbEvaluation;
        bytes32 advisories;
        bytes32 measurement;
        bytes32 platformId;
        bytes32 certificate;
        bytes reportData;
    }

    /// @notice Verifies evidence as of now; reverts with the reason unless it is genuine.
    /// @param evidence As the hardware gave it out.
    function verify(bytes calldata evidence) external view returns (Report memory);
}
