namespace Sahab.Server.Source.Contracts;

/// <summary>Times of contracts as answers have them: whole seconds of UTC.</summary>
internal static class ContractTime
{
    public static string Text(DateTimeOffset time) => time.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", null);

    public static string? Text(DateTimeOffset? time) => time is { } known ? Text(known) : null;
}
