using System.Text.RegularExpressions;

namespace Sahab.Server.Sell.Tenants.Accounts;

/// <summary>A user: somebody with an e-mail address and a way to sign in.</summary>
/// <param name="Id"><c>usr_</c> and 26 characters.</param>
/// <param name="Email">As <see cref="EmailAddress.Normalise"/> has it; no two users have the same.</param>
internal sealed record Account(string Id, string Email, string Name, DateTimeOffset CreatedAt)
{
    public const string IdKind = "usr";

    /// <summary>The longest name, in characters.</summary>
    public const int MaxNameChars = 100;

    /// <summary>Who the audit log calls so.</summary>
    public string Actor => $"user:{Id}";
}

/// <summary>A session of a user in a browser.</summary>
/// <param name="Id"><c>ses_</c> and 26 characters; not what is in the cookie.</param>
/// <param name="Client">What the browser says that it is.</param>
internal sealed record Session(string Id, string User, string Client, DateTimeOffset CreatedAt, DateTimeOffset SeenAt)
{
    public const string IdKind = "ses";

    /// <summary>How long a session lives, whatever is done in it.</summary>
    public static readonly TimeSpan Life = TimeSpan.FromHours(12);

    /// <summary>How long it lives when nothing is done in it.</summary>
    public static readonly TimeSpan IdleLife = TimeSpan.FromHours(2);

    /// <summary>A use is written down when the last that was written is as old as this.</summary>
    public static readonly TimeSpan SeenEvery = TimeSpan.FromMinutes(1);

    /// <summary>When it ends if nothing more is done in it.</summary>
    public DateTimeOffset EndsAt => SeenAt + IdleLife < CreatedAt + Life ? SeenAt + IdleLife : CreatedAt + Life;
}

/// <summary>E-mail addresses, one form for each.</summary>
internal static partial class EmailAddress
{
    const int MaxChars = 254;

    /// <summary>A part of a domain.</summary>
    const string Label = "[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?";

    /// <summary>What a valid one is, to follow a colon.</summary>
    public const string Description =
        "an e-mail address such as kim@example.com, in ASCII; a domain with other letters in its xn-- form";

    /// <summary>
    /// The address in lower case without white space around it; null: it is none that is taken. Only ASCII is: letters that
    /// look alike would make two users that people take for one.
    /// </summary>
    public static string? Normalise(string text)
    {
        var email = text.Trim();
        return email.Length <= MaxChars && Form().IsMatch(email) ? email.ToLowerInvariant() : null;
    }

    [GeneratedRegex(
        @"^[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@" + Label + @"(\." + Label + @")+\z", RegexOptions.NonBacktracking)]
    private static partial Regex Form();
}
