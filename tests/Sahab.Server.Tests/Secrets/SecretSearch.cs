using System.Buffers;
using System.Collections.Concurrent;
using System.Text;

namespace Sahab.Server.Tests.Secrets;

/// <summary>Looks for secrets in texts: as they are, and as they are where somebody has encoded them.</summary>
internal sealed class SecretSearch
{
    /// <summary>A shorter one would be found where it is not.</summary>
    const int MinChars = 8;

    readonly ConcurrentDictionary<string, string> _forms = new(StringComparer.Ordinal);

    public int Count { get; private set; }

    /// <summary>Remembers a secret.</summary>
    /// <param name="kind">What it is, for people.</param>
    public void Add(string kind, string secret)
    {
        secret.Length.ShouldBeGreaterThanOrEqualTo(MinChars, kind);
        Count++;
        var bytes = Encoding.UTF8.GetBytes(secret);
        foreach (var form in new[]
        {
            secret, Uri.EscapeDataString(secret), Convert.ToHexString(bytes), Convert.ToHexStringLower(bytes),
            System.Text.Json.JsonEncodedText.Encode(secret).ToString(), System.Net.WebUtility.HtmlEncode(secret),
            Base64(bytes, 0), Base64(bytes, 1), Base64(bytes, 2), UrlBase64(bytes, 0), UrlBase64(bytes, 1), UrlBase64(bytes, 2),
        })
        {
            _forms[form] = kind;
        }
    }

    /// <summary>What was found, with what is around it.</summary>
    public IReadOnlyList<string> In(IEnumerable<(string Where, string Text)> said)
    {
        const int Around = 60;
        var search = SearchValues.Create([.. _forms.Keys], StringComparison.Ordinal);
        var found = new List<string>();
        foreach (var (where, text) in said)
        {
            var at = text.AsSpan().IndexOfAny(search);
            if (at >= 0)
            {
                var form = _forms.Keys.First(form => text.AsSpan(at).StartsWith(form, StringComparison.Ordinal));
                found.Add($"{_forms[form]} in {where}: {text[Math.Max(0, at - Around)..Math.Min(text.Length, at + form.Length + Around)]}");
            }
        }

        return found;
    }

    /// <summary>What is always the same of the encoded form, at whichever place of three the text begins.</summary>
    static string Base64(byte[] bytes, int before)
    {
        var whole = (bytes.Length + before) / 3 * 3 - before;
        var text = Convert.ToBase64String([.. new byte[before], .. bytes[..whole]]);
        return before == 0 ? text : text[4..];
    }

    static string UrlBase64(byte[] bytes, int before) =>
        Base64(bytes, before).Replace('+', '-').Replace('/', '_');
}
