using System.Collections.Frozen;
using Sahab.Server.Govern.Residency;
using Sahab.Server.Hosting.Configuration;

namespace Sahab.Server.Govern.UsePolicy;

/// <summary>What a use class asks for and allows.</summary>
/// <param name="Review">Whether two people must approve before keys work.</param>
/// <param name="ApprovalFor">How long an approval holds.</param>
/// <param name="Data">Rules on data; null: none.</param>
/// <param name="Limits">What of deployments it allows; null: all.</param>
internal sealed record UseTerms(string Class, bool Review, TimeSpan ApprovalFor, DataConfig? Data, UseLimits? Limits)
{
    /// <summary>What a project is for about which nobody has said anything.</summary>
    public const string General = "general";

    static readonly string[] WellKnown = [General, "sensitive", "government", "military"];

    static readonly TimeSpan Year = TimeSpan.FromDays(365);

    /// <summary>The names of all classes.</summary>
    public static IEnumerable<string> NamesOf(SahabConfig config) =>
        WellKnown.Concat(config.UseClasses.Select(use => use.Id)).Distinct(StringComparer.Ordinal);

    /// <summary>The terms of a class: those of the file, or of what is known without it; null: there is none of that name.</summary>
    public static UseTerms? Of(SahabConfig config, string name)
    {
        var written = config.UseClasses.FirstOrDefault(use => use.Id == name);
        if (written is null && !WellKnown.Contains(name))
        {
            return null;
        }

        var isLimited = written is { Providers: not null } or { Models: not null } or { Capacity: not null };
        return new UseTerms(
            name, written?.Review ?? name != General, written?.ApprovalFor ?? Year, written?.Data,
            !isLimited ? null : new UseLimits(
                name, written!.Providers?.ToFrozenSet(StringComparer.Ordinal),
                written.Models?.ToFrozenSet(StringComparer.Ordinal), written.Capacity?.ToFrozenSet()));
    }
}
