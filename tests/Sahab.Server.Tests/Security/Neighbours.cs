using System.Net;
using System.Text.Json.Nodes;
using Sahab.Server.Hosting.Access;
using Sahab.Server.Tests.House;
using Sahab.Server.Tests.Tenants;

namespace Sahab.Server.Tests.Security;

/// <summary>
/// An organisation with something of everything in it, and everybody who might want to look into it. The server listens
/// beyond this machine, so that nobody is let in because of where they are.
/// </summary>
public sealed class Neighbours : IAsyncLifetime
{
    /// <summary>An organisation that never was, with an id as long as those that are.</summary>
    public const string Never = "org_00000000000000000000000000";

    /// <summary>A word of each thing's name in the organisation.</summary>
    public const string Mark = "Aldebaran";

    readonly List<Visitor> _all = [];

    internal TestHouse House { get; private set; } = null!;

    /// <summary>Who owns the organisation.</summary>
    internal Visitor Owner { get; private set; } = null!;

    /// <summary>The organisation's id.</summary>
    internal string There { get; private set; } = "";

    /// <summary>What is in the organisation, by the value of the path that names it.</summary>
    internal Dictionary<string, string> Things { get; } = [];

    /// <summary>The secret of the organisation's key.</summary>
    internal string Secret { get; private set; } = "";

    /// <summary>The organisation of the neighbours, and its owner.</summary>
    internal string Here { get; private set; } = "";

    internal string HereProject { get; private set; } = "";

    internal Visitor HereOwner { get; private set; } = null!;

    /// <summary>The secret of a key of the neighbours.</summary>
    internal string HereSecret { get; private set; } = "";

    /// <summary>Signed in, but nothing to the organisation.</summary>
    internal List<(string Who, Visitor Visitor)> Strangers { get; } = [];

    /// <summary>Not signed in, or no longer.</summary>
    internal List<(string Who, Visitor Visitor)> Outsiders { get; } = [];

    /// <summary>One with each role of the operator.</summary>
    internal List<(OperatorRole Role, Visitor Visitor)> Operators { get; } = [];

    public async Task InitializeAsync()
    {
        House = await TestHouse.StartAsync(listen: "0.0.0.0:0");
        Owner = Keep(await Visitor.SignUpAsync(House, "owner@there.example"));
        There = await Owner.FoundAsync(Mark);
        await FurnishAsync();
        HereOwner = Keep(await Visitor.SignUpAsync(House, "owner@here.example"));
        Here = await HereOwner.FoundAsync("Here");
        HereProject = await FirstProjectAsync(HereOwner, Here);
        HereSecret = (await HereOwner.PostAsync(
            $"/api/organisations/{Here}/projects/{HereProject}/keys", new() { ["name"] = "here" })).ShouldBeOk().Json["secret"]!.ToString();
        await BringMembersAsync();
        await BringOthersAsync();
        await BringOperatorsAsync();
    }

    public async Task DisposeAsync()
    {
        _all.ForEach(visitor => visitor.Dispose());
        await House.DisposeAsync();
    }

    internal static async Task<string> FirstProjectAsync(Visitor visitor, string organisation) =>
        (await visitor.GetAsync($"/api/organisations/{organisation}/projects")).ShouldBeOk().Json["data"]![0]!["id"]!.ToString();

    async Task FurnishAsync()
    {
        Things["project"] = await IdOfAsync("/projects", new() { ["name"] = Mark + " project" });
        var key = (await Owner.PostAsync(PathOf($"/projects/{Things["project"]}/keys"), new() { ["name"] = Mark + " key" })).ShouldBeOk().Json;
        (Things["key"], Secret) = (key["id"]!.ToString(), key["secret"]!.ToString());
        Things["budget"] = await IdOfAsync(
            "/budgets", new() { ["name"] = Mark + " budget", ["measure"] = "requests", ["period"] = "total", ["limit"] = 9 });
        Things["webhook"] = await IdOfAsync("/webhooks", new() { ["url"] = $"https://{Mark}.example.com/hook" });
        Things["invitation"] = await IdOfAsync(
            "/invitations", new() { ["email"] = $"{Mark}@example.com", ["role"] = "auditor" });
        Things["user"] = Owner.User;
        (await Owner.PostAsync(PathOf($"/webhooks/{Things["webhook"]}/test"), [])).Status.ShouldBe(HttpStatusCode.Accepted);
        Things["delivery"] = await FirstAsync($"/webhooks/{Things["webhook"]}/deliveries", "id");
        using var caller = new Visitor(House, Secret);
        (await caller.PostAsync("/v1/chat/completions", new()
        {
            ["model"] = "small",
            ["messages"] = new JsonArray(new JsonObject { ["role"] = "user", ["content"] = Mark }),
        })).ShouldBeOk();
        await House.DrainLedgerAsync();
        Things["call"] = await FirstAsync("/calls", "call_id");
    }

    /// <summary>A member of the first of a list, once something is in it.</summary>
    async Task<string> FirstAsync(string list, string member)
    {
        using var patience = new CancellationTokenSource(TimeSpan.FromMinutes(1), TimeProvider.System);
        while (true)
        {
            var data = (await Owner.GetAsync(PathOf(list))).ShouldBeOk().Json["data"]!.AsArray();
            if (data.Count > 0)
            {
                return data[0]![member]!.ToString();
            }

            await Task.Delay(TimeSpan.FromMilliseconds(50), TimeProvider.System, patience.Token);
        }
    }

    async Task BringMembersAsync()
    {
        Strangers.Add(("owner", HereOwner));
        foreach (var role in Enum.GetValues<OrganisationRole>())
        {
            if (role != OrganisationRole.Owner)
            {
                Strangers.Add(($"{role}", Keep(
                    await HereOwner.BringAsync(House, Here, $"{role}@here.example", role.Name()))));
            }

            Strangers.Add(($"token of {role}", await TokenAsync(HereOwner, Here, role)));
        }
    }

    async Task BringOthersAsync()
    {
        using var admin = Visitor.Admin(House);
        Strangers.Add(("member of nothing", Keep(await Visitor.SignUpAsync(House, "nobody@nowhere.example"))));

        var removed = Keep(await Owner.BringAsync(House, There, "removed@there.example", "admin"));
        var removedToken = await TokenAsync(removed, There, OrganisationRole.Admin);
        (await Owner.DeleteAsync(PathOf($"/members/{removed.User}"))).ShouldBeOk();
        Strangers.Add(("removed member", removed));
        Strangers.Add(("token of a removed member", removedToken));

        var suspended = Keep(await Visitor.SignUpAsync(House, "owner@suspended.example"));
        var theirs = await suspended.FoundAsync("Suspended");
        (await admin.PostAsync($"/api/organisations/{theirs}/suspend", new() { ["reason"] = "did not pay" })).ShouldBeOk();
        Strangers.Add(("member of a suspended organisation", suspended));

        Outsiders.Add(("nobody", Keep(new Visitor(House))));
        Outsiders.Add(("ended session", await EndedAsync()));
        var revoked = (await Owner.PostAsync("/api/account/tokens", Token(There, OrganisationRole.Owner))).ShouldBeOk().Json;
        (await Owner.DeleteAsync($"/api/account/tokens/{revoked["id"]}")).ShouldBeOk();
        Outsiders.Add(("revoked token", Keep(new Visitor(House, revoked["token"]!.ToString()))));
        Outsiders.Add(("key that is no admin's", Keep(new Visitor(House, HereSecret))));
        Outsiders.Add(("key that nobody has", Keep(new Visitor(House, "sk-sahab-guess"))));
    }

    /// <summary>Somebody whose session was ended from another browser of theirs, and who has its cookie still.</summary>
    async Task<Visitor> EndedAsync()
    {
        var ended = Keep(await Owner.BringAsync(House, There, "ended@there.example", "admin"));
        var session = (await ended.GetAsync("/api/session")).ShouldBeOk().Json["session"]!.ToString();
        using var elsewhere = new Visitor(House);
        (await elsewhere.SignInAsync("ended@there.example")).ShouldBeOk();
        (await elsewhere.DeleteAsync($"/api/account/sessions/{session}")).ShouldBeOk();
        ended.Cookie.ShouldNotBeEmpty();
        return ended;
    }

    async Task BringOperatorsAsync()
    {
        using var admin = Visitor.Admin(House);
        foreach (var role in Enum.GetValues<OperatorRole>())
        {
            var somebody = Keep(await Visitor.SignUpAsync(House, $"{role}@operator.example"));
            (await admin.PostAsync("/api/operators", new()
            {
                ["email"] = $"{role}@operator.example",
                ["roles"] = new JsonArray(role.Name()),
            })).ShouldBeOk();
            Operators.Add((role, somebody));
        }
    }

    async Task<Visitor> TokenAsync(Visitor maker, string organisation, OrganisationRole role) => Keep(new Visitor(
        House, (await maker.PostAsync("/api/account/tokens", Token(organisation, role))).ShouldBeOk().Json["token"]!.ToString()));

    static JsonObject Token(string organisation, OrganisationRole role) =>
        new() { ["name"] = "ci", ["organisation"] = organisation, ["role"] = role.Name(), ["expires_in_days"] = 30 };

    async Task<string> IdOfAsync(string path, JsonObject body) =>
        (await Owner.PostAsync(PathOf(path), body)).ShouldBeOk().Json["id"]!.ToString();

    string PathOf(string path) => $"/api/organisations/{There}{path}";

    Visitor Keep(Visitor visitor)
    {
        _all.Add(visitor);
        return visitor;
    }
}

/// <summary>The neighbours are brought together once for all who look at how they are kept apart.</summary>
[CollectionDefinition(Name)]
public sealed class NeighboursCollection : ICollectionFixture<Neighbours>
{
    public const string Name = "neighbours";
}
