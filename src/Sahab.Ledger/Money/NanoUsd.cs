using System.Globalization;

namespace Sahab.Ledger.Money;

/// <summary>An amount of money in billionths of a US dollar. Range: about ±9.2 billion dollars.</summary>
/// <param name="Value">Nano-USD; negative for a credit.</param>
public readonly record struct NanoUsd(long Value) : IComparable<NanoUsd>
{
    /// <summary>Nano-USD in one dollar.</summary>
    public const long PerUsd = 1_000_000_000;

    /// <summary>No money.</summary>
    public static NanoUsd Zero => default;

    /// <summary>Converts dollars, rounding half to even.</summary>
    /// <exception cref="OverflowException">The amount is outside the range of the type.</exception>
    public static NanoUsd FromUsd(decimal usd) =>
        new(decimal.ToInt64(decimal.Round(usd * PerUsd, 0, MidpointRounding.ToEven)));

    /// <summary>The amount in dollars, exact.</summary>
    public decimal ToUsd() => (decimal)Value / PerUsd;

    /// <summary>Adds two amounts.</summary>
    /// <exception cref="OverflowException">The sum is outside the range of the type.</exception>
    public static NanoUsd operator +(NanoUsd left, NanoUsd right) => new(checked(left.Value + right.Value));

    /// <summary>Subtracts one amount from another.</summary>
    /// <exception cref="OverflowException">The difference is outside the range of the type.</exception>
    public static NanoUsd operator -(NanoUsd left, NanoUsd right) => new(checked(left.Value - right.Value));

    /// <summary>The opposite amount.</summary>
    /// <exception cref="OverflowException">The amount is the smallest of the range.</exception>
    public static NanoUsd operator -(NanoUsd amount) => new(checked(-amount.Value));

    /// <inheritdoc/>
    public int CompareTo(NanoUsd other) => Value.CompareTo(other.Value);

    /// <summary>Whether the first amount is the smaller.</summary>
    public static bool operator <(NanoUsd left, NanoUsd right) => left.Value < right.Value;

    /// <summary>Whether the first amount is the larger.</summary>
    public static bool operator >(NanoUsd left, NanoUsd right) => left.Value > right.Value;

    /// <summary>Whether the first amount is the smaller or equal.</summary>
    public static bool operator <=(NanoUsd left, NanoUsd right) => left.Value <= right.Value;

    /// <summary>Whether the first amount is the larger or equal.</summary>
    public static bool operator >=(NanoUsd left, NanoUsd right) => left.Value >= right.Value;

    /// <summary>The amount in dollars with nine decimals, such as <c>0.000123456 USD</c>.</summary>
    public override string ToString() => ToUsd().ToString("0.000000000", CultureInfo.InvariantCulture) + " USD";
}
