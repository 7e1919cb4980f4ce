using System.Diagnostics.CodeAnalysis;

namespace Sahab.Ledger.Rating;

/// <summary>What else is known of an attempt's usage. The numbers are stored: they never change.</summary>
[Flags]
[SuppressMessage("Naming", "CA1711", Justification = "The word says what it is: several facts in one byte.")]
public enum UsageFlags : byte
{
    /// <summary>Nothing special: a whole answer, metered by the provider's own figures.</summary>
    None = 0,

    /// <summary>The provider gave no figures; the usage is our estimate.</summary>
    Estimated = 1,

    /// <summary>The client left before the end.</summary>
    ClientGone = 2,

    /// <summary>The provider's figures contradict what it streamed.</summary>
    Suspect = 4,

    /// <summary>The answer was streamed.</summary>
    Streamed = 8,

    /// <summary>The provider does not bill this attempt: it is kept, and costs nothing.</summary>
    NotBilled = 16,
}
