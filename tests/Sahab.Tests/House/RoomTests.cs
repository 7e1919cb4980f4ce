using System.Text.RegularExpressions;

namespace Sahab.Tests.House;

/// <summary>Which plane of the server may use which, seen in what its files name.</summary>
public partial class RoomTests
{
    const string Server = "src/Sahab.Server/";

    static readonly string[] Planes = ["Serve", "Source", "Plan", "Run", "Sell", "Govern"];

    /// <summary>For each plane the rooms of others that it may call. Each plane may use its own.</summary>
    static readonly Dictionary<string, string[]> AllowedRooms = new()
    {
        ["Serve"] = ["Sell.Metering", "Sell.Tenants", "Sell.Prices", "Sell.Budgets", "Sell.Capacity", "Govern"],
        ["Source"] = ["Govern.Audit", "Sell.Metering"],
        ["Plan"] = ["Govern.Residency", "Govern.Audit", "Source", "Sell.Metering", "Serve.Snapshots"],
        ["Run"] = ["Govern.Residency", "Govern.Audit", "Source", "Sell.Metering"],
        ["Sell"] = ["Govern", "Source.Contracts", "Source.Commitments"],
        ["Govern"] = [],
    };

    /// <summary>What every room may use of Hosting: plumbing that knows no plane.</summary>
    static readonly string[] Plumbing = ["Hosting.Configuration", "Hosting.Database", "Hosting.Telemetry", "Hosting.Access"];

    [Fact]
    public void A_plane_calls_only_the_rooms_that_it_may()
    {
        var uses = UsesOf(Planes).Where(use => use.Plane != use.From
            && !AllowedRooms[use.From].Any(allowed => IsWithin(use.Target, allowed))
            && use.Plane != "Hosting");

        uses.Select(Describe).ShouldBeEmpty();
    }

    [Fact]
    public void Nothing_but_hosting_uses_the_portal() =>
        UsesOf(Planes).Where(use => use.Plane == "Portal").Select(Describe).ShouldBeEmpty();

    [Fact]
    public void Planes_use_of_hosting_only_its_plumbing() => UsesOf([.. Planes, "Portal"])
        .Where(use => use.Plane == "Hosting" && use.Target != "Hosting"
            && !Plumbing.Any(allowed => IsWithin(use.Target, allowed)))
        .Select(Describe).ShouldBeEmpty();

    [Fact]
    public void The_plumbing_knows_no_plane() => Plumbing
        .SelectMany(room => UsesIn($"{Server}{room.Replace('.', '/')}/", room))
        .Where(use => use.Plane is not "Hosting")
        .Select(Describe).ShouldBeEmpty();

    [Fact]
    public void Every_folder_of_the_server_is_a_plane_the_portal_or_hosting()
    {
        var folders = Repository.Files
            .Where(file => file.StartsWith(Server, StringComparison.Ordinal) && file[Server.Length..].Contains('/'))
            .Select(file => file[Server.Length..].Split('/')[0])
            .Distinct();

        folders.Except([.. Planes, "Portal", "Hosting", "wwwroot", "Properties"]).ShouldBeEmpty();
    }

    [Fact]
    public void The_numbers_of_log_events_are_unique()
    {
        var twice = Repository.CodeFiles
            .Where(file => file.StartsWith("src/Sahab.Server/", StringComparison.Ordinal))
            .SelectMany(file => LogEvent().Matches(Repository.Read(file)).Select(match => (match.Groups[1].Value, file)))
            .GroupBy(pair => pair.Value)
            .Where(group => group.Count() > 1)
            .Select(group => $"{group.Key}: {string.Join(", ", group.Select(pair => pair.file))}");

        twice.ShouldBeEmpty();
    }

    sealed record Use(string From, string Plane, string Target, string Place);

    static string Describe(Use use) => $"{use.Place}: {use.From} uses {use.Target}";

    static bool IsWithin(string target, string room) =>
        target == room || target.StartsWith(room + ".", StringComparison.Ordinal);

    static IEnumerable<Use> UsesOf(string[] planes) => planes.SelectMany(plane => UsesIn($"{Server}{plane}/", plane));

    static IEnumerable<Use> UsesIn(string folder, string from) => Repository.CodeFiles
        .Where(file => file.StartsWith(folder, StringComparison.Ordinal))
        .SelectMany(file => Repository.ReadLines(file).SelectMany((line, index) =>
            Namespaces().Matches(line)
                .Where(_ => !line.StartsWith("namespace ", StringComparison.Ordinal))
                .Select(match => match.Groups[1].Value)
                .Select(target => new Use(from, target.Split('.')[0], target, $"{file}:{index + 1}"))));

    [GeneratedRegex(@"\bSahab\.Server\.([A-Z]\w*(?:\.[A-Z]\w*)*)")]
    private static partial Regex Namespaces();

    [GeneratedRegex(@"LoggerMessage\(\s*(?:EventId\s*=\s*)?(\d+)")]
    private static partial Regex LogEvent();
}
