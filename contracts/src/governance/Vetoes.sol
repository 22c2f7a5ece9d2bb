// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @title Vetoes
/// @notice For how long a guardian stops the same calls. A veto is remembered by what it is of:
///
///           first veto ── REPEAT: may be vetoed again ──┬── may not: is voted for again ──┬── LAPSE: as if new
///
///         Twins that were proposed before the first veto end while they may be vetoed too, and their messages to L1 where
///         the guardian brings these himself. After that he cannot stop what people vote for again, or he could never be
///         replaced. And what was vetoed once is not beyond every
///         later guardian's reach for ever, or a veto would be worth nothing against who waits.
library Vetoes {
    /// @notice Seconds from the first veto in which the same may be vetoed again. Longer than a vote with its delays and its
    ///         way to L1, which deployment checks.
    uint256 internal constant REPEAT = 30 days;

    /// @notice Seconds from the first veto until it is forgotten. Between the two is time for several votes after another,
    ///         though each has to pass on L2 and on L1.
    uint256 internal constant LAPSE = 180 days;

    /// @notice Counts a veto of `content` that happens now.
    /// @param firstVetoAt Unix seconds of the first veto of each content that is not forgotten; zero = none.
    /// @return allowed Whether it may be vetoed; if not, nothing is remembered.
    function count(mapping(bytes32 content => uint256) storage firstVetoAt, bytes32 content)
        internal
        returns (bool allowed)
    {
        uint256 first = firstVetoAt[content];
        if (first != 0 && block.timestamp < first + LAPSE) return block.timestamp < first + REPEAT;
        firstVetoAt[content] = block.timestamp;
        return true;
    }
}
