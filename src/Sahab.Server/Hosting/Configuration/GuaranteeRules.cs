using System.Collections.Immutable;
using System.Globalization;

namespace Sahab.Server.Hosting.Configuration;

/// <summary>Who can be of a group, and what can be guaranteed: in a configuration or a scenario.</summary>
/// <param name="Members">Tenants, and keys as <c>tenant/key</c>.</param>
/// <param name="Models">All models, by id.</param>
/// <param name="Reserved">Those of them that have reserved deployments.</param>
internal sealed record GuaranteeGround(string[] Members, string[] Models, string[] Reserved);

/// <summary>What must hold between groups, guarantees and what they name.</summary>
internal sealed class GuaranteeRules(
    ImmutableArray<GroupConfig> groups, ImmutableArray<GuaranteeConfig> guarantees, GuaranteeGround ground,
    ProblemList problems)
{
    public static void Check(SahabConfig config, ProblemList problems) => new GuaranteeRules(
        config.Groups,
        config.Guarantees,
        new GuaranteeGround(
            [
                .. config.Tenants.Select(tenant => tenant.Id),
                .. config.Tenants.SelectMany(tenant => tenant.Keys.Select(key => $"{tenant.Id}/{key.Id}")),
            ],
            [.. config.Models.Select(model => model.Id)],
            [
                .. config.Deployments
                    .Where(deployment => deployment.Capacity == Routing.Snapshot.CapacityKind.Reserved)
                    .Select(deployment => deployment.Model).Distinct(),
            ]),
        problems).Check();

    public void Check()
    {
        CheckMembers();
        foreach (var guarantee in guarantees)
        {
            CheckGuarantee(guarantee, $"guarantees.{guarantee.Id}");
        }

        if (!problems.HasErrors)
        {
            CheckShares();
        }
    }

    void CheckMembers()
    {
        var groupOf = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var group in groups)
        {
            var path = $"groups.{group.Id}.members";
            if (group.Members.IsEmpty)
            {
                problems.Error(path, "a group without members guarantees nothing to anybody", "Name tenants or keys");
            }

            for (var i = 0; i < group.Members.Length; i++)
            {
                var member = group.Members[i];
                if (!ground.Members.Contains(member))
                {
                    problems.Error(
                        $"{path}[{i}]", $"there is no {TextForms.Quote(member)} among the tenants and keys",
                        Suggestions.Sentence(member, ground.Members, "tenants and keys"));
                }
                else if (!groupOf.TryAdd(member, group.Id))
                {
                    problems.Error(
                        $"{path}[{i}]", $"{member} is of the group {groupOf[member]} already", "Keep it in one group");
                }
            }
        }
    }

    void CheckGuarantee(GuaranteeConfig guarantee, string path)
    {
        string[] known = [.. groups.Select(group => group.Id)];
        if (guarantee.Group.Length > 0 && !known.Contains(guarantee.Group))
        {
            problems.Error(
                $"{path}.group", $"there is no {TextForms.Quote(guarantee.Group)} among the groups",
                Suggestions.Sentence(guarantee.Group, known, "groups"));
        }

        if (guarantee.LendingLimit > guarantee.Share)
        {
            problems.Error(
                $"{path}.lending_limit", "more is lent than is guaranteed",
                $"Write at most {Format(guarantee.Share)}, the share, or leave it out to lend all of it");
        }

        CheckModels(guarantee, path);
    }

    void CheckModels(GuaranteeConfig guarantee, string path)
    {
        if (guarantee.Models is not { } models)
        {
            if (ground.Reserved.Length == 0)
            {
                problems.Error(
                    path, "no deployment is reserved, so there is nothing to share",
                    "Write capacity: reserved at deployments that are paid for, or remove the guarantee");
            }

            return;
        }

        if (models.IsEmpty)
        {
            problems.Error($"{path}.models", "an empty list guarantees nothing", "Name some, or remove the list for all");
        }

        for (var i = 0; i < models.Length; i++)
        {
            if (!ground.Models.Contains(models[i]))
            {
                problems.Error(
                    $"{path}.models[{i}]", $"there is no {TextForms.Quote(models[i])} among the models",
                    Suggestions.Sentence(models[i], ground.Models, "models"));
            }
            else if (!ground.Reserved.Contains(models[i]))
            {
                problems.Error(
                    $"{path}.models[{i}]", $"no deployment of {models[i]} is reserved, so there is nothing to share",
                    "Write capacity: reserved at the deployments that are paid for, or take it off the list");
            }
        }
    }

    void CheckShares()
    {
        foreach (var model in ground.Reserved)
        {
            var (sum, given) = (0m, new Dictionary<string, string>(StringComparer.Ordinal));
            foreach (var guarantee in guarantees.Where(guarantee => guarantee.Models?.Contains(model) ?? true))
            {
                var path = $"guarantees.{guarantee.Id}";
                sum += guarantee.Share;
                if (!given.TryAdd(guarantee.Group, guarantee.Id))
                {
                    problems.Error(
                        path, $"{given[guarantee.Group]} guarantees {guarantee.Group} a share of {model} already",
                        "Give the two different models, or keep one");
                }
                else if (sum > 1)
                {
                    problems.Error(
                        $"{path}.share", $"with this, {Format(sum)} of the reserved capacity of {model} is guaranteed",
                        $"Let the shares of {string.Join(", ", given.Values)} be at most 1 together");
                    break;
                }
            }
        }
    }

    static string Format(decimal share) => share.ToString("0.######", CultureInfo.InvariantCulture);
}
