using System.Globalization;

namespace Sahab.Server.Tests.Contracts;

/// <summary>A clock that stands at the beginning of a day.</summary>
sealed class FixedTime(string day) : TimeProvider
{
    readonly DateTimeOffset _now = DateTimeOffset.Parse(
        day, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal);

    public override DateTimeOffset GetUtcNow() => _now;
}
