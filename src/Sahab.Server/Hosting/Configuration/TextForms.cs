using System.Globalization;
using System.Net;
using System.Text.RegularExpressions;

namespace Sahab.Server.Hosting.Configuration;

/// <summary>What a text of each form must look like.</summary>
internal static partial class TextForms
{
    /// <summary>The regular expression for the JSON schema, or null where a list or code decides.</summary>
    public static string? PatternOf(TextForm form) => form switch
    {
        TextForm.Free => @"\S",
        TextForm.Id => "^[a-z0-9][a-z0-9._-]{0,63}$",
        TextForm.Member => "^[a-z0-9][a-z0-9._-]{0,63}(/[a-z0-9][a-z0-9._-]{0,63})?$",
        TextForm.ModelId => "^[A-Za-z0-9][A-Za-z0-9._:/@+-]{0,127}$",
        TextForm.Place => "^([A-Z]{2}|[a-z0-9][a-z0-9._-]{0,63})$",
        TextForm.HttpUrl => "^https?://[^@?#\\s]+$",
        TextForm.EnvironmentVariable => "^[A-Z_][A-Z0-9_]{0,127}$",
        TextForm.Sha256 => "^[0-9a-fA-F]{64}$",
        TextForm.FilePath => @"\S",
        TextForm.Endpoint => "^.+:[0-9]{1,5}$",
        TextForm.Instant => "^[0-9]{4}-[0-9]{2}-[0-9]{2}(T[0-9]{2}:[0-9]{2}(:[0-9]{2})?Z)?$",
        TextForm.Currency => "^[A-Z]{3}$",
        TextForm.Number => "^[1-9][0-9]{0,5}$",
        TextForm.Network => "^[0-9a-fA-F.:]+/[0-9]{1,3}$",
        _ => null,
    };

    /// <summary>Whether the text has the form.</summary>
    public static bool Fits(TextForm form, string text) => form switch
    {
        TextForm.Country => Countries.Contains(text),
        TextForm.HttpUrl => IsHttpUrl(text),
        TextForm.Instant => ContractBinding.TryTime(text, out _),
        TextForm.Network => IPNetwork.TryParse(text, out _),
        TextForm.Endpoint => IPEndPoint.TryParse(text, out _) && HasPort().IsMatch(text),
        _ => text.Length <= 4096 && !text.Any(char.IsControl) && Regex.IsMatch(text, PatternOf(form)!, RegexOptions.NonBacktracking),
    };

    /// <summary>What would be valid, to follow a colon.</summary>
    public static string Describe(TextForm form) => form switch
    {
        TextForm.Free => "a text that is not blank",
        TextForm.Id => "lower-case letters, digits, dot, underscore and hyphen, beginning with a letter or digit, "
            + "at most 64",
        TextForm.Member => "a tenant's id, or a key's as tenant/key",
        TextForm.ModelId => "letters, digits and . _ : / @ + -, beginning with a letter or digit, at most 128",
        TextForm.Country => "a country by its two capital letters of ISO 3166-1, such as NO or US",
        TextForm.Place => "a country, such as NO, or the name of a zone, such as eu",
        TextForm.HttpUrl => "an absolute http or https URL without user, query or fragment, such as "
            + "https://api.example.com/v1",
        TextForm.Endpoint => "an IP address and a port, such as 127.0.0.1:8080, 0.0.0.0:8080 or [::1]:8080",
        TextForm.EnvironmentVariable => "the NAME of an environment variable, in capital letters, digits and "
            + "underscores, such as AZURE_API_KEY",
        TextForm.Sha256 => "64 hexadecimal digits, as `printf %s \"$KEY\" | sha256sum` prints them",
        TextForm.Instant => "a day, such as 2026-01-31, or a time in UTC, such as 2026-01-31T05:00Z",
        TextForm.Currency => "a currency by its three capital letters of ISO 4217, such as USD or EUR",
        TextForm.Number => "a whole number from 1",
        TextForm.Network => "a network by its first address and its length, such as 10.1.0.0/16 or fd00::/8",
        TextForm.FilePath => "the path of a file",
        _ => throw new ArgumentOutOfRangeException(nameof(form)),
    };

    /// <summary>Whether a message may repeat the text. Where a secret might have been pasted by mistake, it may not.</summary>
    public static bool MayRepeat(TextForm form) => form is TextForm.Id or TextForm.Member or TextForm.ModelId
        or TextForm.Country or TextForm.Place or TextForm.Endpoint or TextForm.Instant or TextForm.Currency
        or TextForm.Number or TextForm.Network;

    static bool IsHttpUrl(string text) =>
        text.Length <= 2048 && Uri.TryCreate(text, UriKind.Absolute, out var url)
        && url.Scheme is "http" or "https" && url.Host.Length > 0
        && url.UserInfo.Length == 0 && url.Query.Length == 0 && url.Fragment.Length == 0;

    [GeneratedRegex("(^[^:]+|\\]):[0-9]{1,5}$", RegexOptions.CultureInvariant)]
    private static partial Regex HasPort();

    /// <summary>The text in quotes for a message, shortened and without control characters.</summary>
    public static string Quote(string text)
    {
        var shown = string.Concat(text.Take(60).Select(character => char.IsControl(character) ? '?' : character));
        return string.Create(CultureInfo.InvariantCulture, $"\"{shown}{(text.Length > 60 ? "…" : "")}\"");
    }
}
