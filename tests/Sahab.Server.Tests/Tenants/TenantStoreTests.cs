using Sahab.Server.Govern.Audit;
using Sahab.Server.Hosting;
using Sahab.Server.Hosting.Access;
using Sahab.Server.Hosting.Database;
using Sahab.Server.Sell.Tenants;
using Sahab.Server.Sell.Tenants.Accounts;
using Sahab.Server.Tests.Database;
using Sahab.Server.Tests.Faults;
using Sahab.Server.Tests.Metering;

namespace Sahab.Server.Tests.Tenants;

/// <summary>Organisations, members, users and sessions in the database, on each engine.</summary>
public abstract class TenantStoreTests : IAsyncLifetime
{
    static readonly ListPage All = new(1000, "");

    readonly HandTime _time = new();
    readonly IdSource _ids;
    SahabDatabase _database = null!;
    AuditLog _audit = null!;

    protected TenantStoreTests() => _ids = new IdSource(_time, 1);

    OrganisationStore Organisations => new(_database, _audit, _time);

    ProjectStore Projects => new(_database, _audit);

    MemberStore Members => new(_database, _audit);

    InvitationStore Invitations => new(_database, _audit);

    AccountStore Accounts => new(_database, _audit);

    SessionStore Sessions => new(_database, _audit);

    AccessTokenStore Tokens => new(_database, _audit);

    static CancellationToken None => CancellationToken.None;

    public async Task InitializeAsync()
    {
        _database = await CreateDatabaseAsync();
        _audit = new AuditLog(_time);
        await _database.MigrateAsync(_time, None);
    }

    public async Task DisposeAsync() => await _database.DisposeAsync();

    [Fact]
    public async Task An_organisation_is_found_by_its_id_or_by_a_part_of_its_name_and_no_sign_is_a_wildcard()
    {
        await MirrorAsync(("a", "Acme Robotics"), ("b", "100% wool_en"), ("c", "Weather"));

        async Task<string> FoundAsync(string text) =>
            string.Concat((await Organisations.SearchAsync(text, All, None)).Select(each => each.Id));

        (await FoundAsync("ROBOT")).ShouldBe("a");
        (await FoundAsync("we")).ShouldBe("c");
        (await FoundAsync("e")).ShouldBe("abc");
        (await FoundAsync("c")).ShouldBe("ac");
        (await FoundAsync("0%")).ShouldBe("b");
        (await FoundAsync("l_e")).ShouldBe("b");
        (await FoundAsync("!")).ShouldBe("");
        (await Organisations.SearchAsync("e", new ListPage(1, "a"), None)).Select(each => each.Id).ShouldBe(["b", "c"]);
    }

    [Fact]
    public async Task Tenants_of_the_file_are_organisations_that_are_suspended_when_they_go_and_resumed_when_they_come_back()
    {
        (await MirrorAsync(("a", "A"), ("b", "B"))).ShouldBe(2);
        (await MirrorAsync(("a", "A"), ("b", "B"))).ShouldBe(0);
        (await Projects.ListAsync("a", All, None)).ShouldHaveSingleItem().Id.ShouldBe("default");

        (await MirrorAsync(("a", "Another name"))).ShouldBe(2);
        (await FindAsync("a")).Name.ShouldBe("Another name");
        var gone = await FindAsync("b");
        gone.Status.ShouldBe(OrganisationStatus.Suspended);
        gone.SuspendedBy.ShouldBe(SuspendedBy.File);
        (await Organisations.SetStatusAsync("b", OrganisationStatus.Active, "why", "x", None))
            .ShouldBe(OrganisationChange.SaidByFile);

        (await MirrorAsync(("a", "Another name"), ("b", "B"))).ShouldBe(1);
        (await FindAsync("b")).Status.ShouldBe(OrganisationStatus.Active);
    }

    [Fact]
    public async Task What_the_operator_suspended_the_file_does_not_resume()
    {
        await MirrorAsync(("a", "A"));
        await Organisations.SetStatusAsync("a", OrganisationStatus.Suspended, "did not pay", "x", None);

        await MirrorAsync();
        await MirrorAsync(("a", "A"));

        (await FindAsync("a")).SuspendedBy.ShouldBe(SuspendedBy.Operator);
        (await Organisations.SetStatusAsync("a", OrganisationStatus.Active, "paid", "x", None))
            .ShouldBe(OrganisationChange.Done);
    }

    [Fact]
    public async Task Several_nodes_mirror_the_same_file_at_once_and_each_change_is_made_once()
    {
        var changes = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => Task.Run(
            () => MirrorAsync(("a", "A"), ("b", "B"), ("c", "C")))));

        changes.Sum().ShouldBe(3);
        (await CountAsync("audit_entry")).ShouldBe(3);
    }

    [Fact]
    public async Task Of_two_owners_who_unmake_each_other_at_once_one_stays()
    {
        for (var round = 0; round < 5; round++)
        {
            var (first, second) = (await UserAsync(), await UserAsync());
            var organisation = await OrganisationAsync(first);
            await JoinAsync(organisation, second, OrganisationRole.Owner);

            var outcomes = await Task.WhenAll(
                Task.Run(() => Members.RemoveAsync(organisation, second.Id, true, first.Actor, None)),
                Task.Run(() => Members.ChangeAsync(
                    organisation, first.Id, OrganisationRole.Auditor, true, second.Actor, None)),
                Task.Run(() => Members.RemoveAsync(organisation, first.Id, true, first.Actor, None)));

            outcomes.ShouldContain(MemberChange.Done);
            (await Members.ListAsync(organisation, All, None)).Count(member => member.Role == OrganisationRole.Owner)
                .ShouldBe(1);
        }
    }

    [Fact]
    public async Task Who_is_no_owner_makes_changes_and_removes_none()
    {
        var (owner, other) = (await UserAsync(), await UserAsync());
        var organisation = await OrganisationAsync(owner);
        await JoinAsync(organisation, other, OrganisationRole.Developer);

        (await Members.ChangeAsync(organisation, other.Id, OrganisationRole.Owner, false, "admin", None))
            .ShouldBe(MemberChange.OwnersOnly);
        (await Members.ChangeAsync(organisation, owner.Id, OrganisationRole.Auditor, false, "admin", None))
            .ShouldBe(MemberChange.OwnersOnly);
        (await Members.RemoveAsync(organisation, owner.Id, false, "admin", None)).ShouldBe(MemberChange.OwnersOnly);
        (await Members.ChangeAsync(organisation, other.Id, OrganisationRole.Admin, false, "admin", None))
            .ShouldBe(MemberChange.Done);
        (await Members.RemoveAsync(organisation, "usr_none", true, "admin", None)).ShouldBe(MemberChange.Unknown);
    }

    [Fact]
    public async Task An_invitation_is_good_once_in_time_and_for_its_e_mail()
    {
        var (owner, invited, other) = (await UserAsync(), await UserAsync(), await UserAsync());
        var organisation = await OrganisationAsync(owner);
        await InviteAsync(organisation, invited.Email, OrganisationRole.Billing, "hash");

        (await AcceptAsync("hash", other)).ShouldBe(MemberChange.ForAnother);
        var outcomes = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => Task.Run(() => AcceptAsync("hash", invited))));
        outcomes.Count(outcome => outcome == MemberChange.Done).ShouldBe(1);
        outcomes.Where(outcome => outcome != MemberChange.Done).ShouldAllBe(outcome => outcome == MemberChange.Unknown);

        await InviteAsync(organisation, other.Email, OrganisationRole.Billing, "late");
        _time.Pass(Invitation.Life);
        (await AcceptAsync("late", other)).ShouldBe(MemberChange.Unknown);
    }

    [Fact]
    public async Task Nobody_owns_more_organisations_than_one_may_whatever_they_do_at_once()
    {
        var owner = await UserAsync();
        for (var number = 1; number < OrganisationStore.MaxOwned; number++)
        {
            await OrganisationAsync(owner);
        }

        var added = await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => Task.Run(
            () => Organisations.AddAsync(NewOrganisation(), FirstOf("x"), owner.Id, owner.Actor, None))));

        added.Count(each => each).ShouldBe(1);
        (await Organisations.ListAsync(owner.Id, new ListPage(100, ""), None)).Count.ShouldBe(OrganisationStore.MaxOwned);
    }

    [Fact]
    public async Task No_two_users_have_an_e_mail_or_an_identity()
    {
        var account = new Account(NewId("usr"), "kim@example.com", "Kim", _time.GetUtcNow());
        var added = await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => Task.Run(() => Accounts.AddAsync(
            account with { Id = NewId("usr") }, "hash", ("https://issuer", "1"), None))));

        added.Count(each => each).ShouldBe(1);
        (await Accounts.AddAsync(account with { Id = NewId("usr"), Email = "x@example.com" }, "", ("https://issuer", "1"), None))
            .ShouldBeFalse();
        (await Accounts.FindByEmailAsync("x@example.com", None)).ShouldBeNull();
        (await Accounts.FindByIdentityAsync("https://issuer", "1", None))!.Email.ShouldBe("kim@example.com");
    }

    [Fact]
    public async Task A_session_ends_when_it_is_idle_and_when_it_is_old()
    {
        var user = await UserAsync();
        var idle = await SessionAsync(user, "idle");
        var busy = await SessionAsync(user, "busy");
        for (var hours = 1; hours < 12; hours++)
        {
            _time.Pass(TimeSpan.FromHours(1));
            await Sessions.SeeAsync(busy.Id, _time.GetUtcNow(), None);
            (await Sessions.FindAsync("idle", _time.GetUtcNow(), None) is null).ShouldBe(hours >= 2);
            (await Sessions.FindAsync("busy", _time.GetUtcNow(), None)).ShouldNotBeNull();
        }

        _time.Pass(TimeSpan.FromHours(1));
        (await Sessions.FindAsync("busy", _time.GetUtcNow(), None)).ShouldBeNull();
        await Sessions.PurgeAsync(_time.GetUtcNow(), None);
        (await CountAsync("session")).ShouldBe(0);
        idle.EndsAt.ShouldBe(idle.CreatedAt + TimeSpan.FromHours(2));
    }

    [Fact]
    public async Task One_session_more_than_a_user_may_have_ends_the_oldest()
    {
        var user = await UserAsync();
        for (var number = 0; number <= SessionStore.MaxOfUser; number++)
        {
            await SessionAsync(user, $"token {number}");
        }

        (await Sessions.FindAsync("token 0", _time.GetUtcNow(), None)).ShouldBeNull();
        (await Sessions.ListAsync(user.Id, _time.GetUtcNow(), All, None)).Count.ShouldBe(SessionStore.MaxOfUser);
    }

    [Fact]
    public async Task A_token_is_found_until_it_expires_or_is_revoked()
    {
        var user = await UserAsync();
        var token = new AccessToken(
            NewId("tok"), user.Id, "ci", "", "finance", _time.GetUtcNow(), _time.GetUtcNow().AddDays(1));
        await Tokens.AddAsync(token, "one", user.Actor, None);
        await Tokens.AddAsync(token with { Id = NewId("tok") }, "two", user.Actor, None);

        (await Tokens.RevokeAsync("usr_other", token.Id, "x", None)).ShouldBeFalse();
        (await Tokens.RevokeAsync(user.Id, token.Id, user.Actor, None)).ShouldBeTrue();
        (await Tokens.FindAsync("one", _time.GetUtcNow(), None)).ShouldBeNull();
        (await Tokens.FindAsync("two", _time.GetUtcNow(), None)).ShouldNotBeNull();
        _time.Pass(TimeSpan.FromDays(1));
        (await Tokens.FindAsync("two", _time.GetUtcNow(), None)).ShouldBeNull();
        await Tokens.PurgeAsync(_time.GetUtcNow(), None);
        (await CountAsync("access_token")).ShouldBe(0);
    }

    [Fact]
    public async Task A_project_is_archived_once_and_the_one_of_the_file_never()
    {
        await MirrorAsync(("a", "A"));
        var project = new Project("a", NewId("prj"), "batch jobs") { CreatedAt = _time.GetUtcNow() };
        (await Projects.AddAsync(project, "x", None)).ShouldBeTrue();

        (await Projects.RenameAsync("a", project.Id, "night jobs", "x", None)).ShouldBe(ProjectChange.Done);
        (await Projects.RenameAsync("b", project.Id, "night jobs", "x", None)).ShouldBe(ProjectChange.Unknown);
        (await Projects.ArchiveAsync("a", project.Id, _time.GetUtcNow(), "x", None)).ShouldBe(ProjectChange.Done);
        (await Projects.ArchiveAsync("a", project.Id, _time.GetUtcNow(), "x", None)).ShouldBe(ProjectChange.Archived);
        (await Projects.ArchiveAsync("a", "default", _time.GetUtcNow(), "x", None)).ShouldBe(ProjectChange.OfFile);
        (await Projects.ArchiveAsync("b", project.Id, _time.GetUtcNow(), "x", None)).ShouldBe(ProjectChange.Unknown);
        (await Projects.FindAsync("a", project.Id, None)).ShouldBe(
            project with { Name = "night jobs", ArchivedAt = _time.GetUtcNow() });
    }

    private protected abstract Task<SahabDatabase> CreateDatabaseAsync();

    Task<int> MirrorAsync(params (string Id, string Name)[] tenants) =>
        Organisations.MirrorAsync(tenants.ToDictionary(each => each.Id, each => each.Name), None);

    async Task<Organisation> FindAsync(string id) => (await Organisations.FindAsync(id, None)).ShouldNotBeNull();

    string NewId(string kind) => PublicId.Make(kind, _ids.Next());

    async Task<Account> UserAsync()
    {
        var id = NewId("usr");
        var account = new Account(id, $"{id}@example.com", "Somebody", _time.GetUtcNow());
        (await Accounts.AddAsync(account, "hash", null, None)).ShouldBeTrue();
        return account;
    }

    Organisation NewOrganisation() =>
        new(NewId("org"), "Cumulus", OrganisationOrigin.Store) { CreatedAt = _time.GetUtcNow() };

    Project FirstOf(string organisation) => new(organisation, NewId("prj"), "default") { CreatedAt = _time.GetUtcNow() };

    async Task<string> OrganisationAsync(Account owner)
    {
        var organisation = NewOrganisation();
        (await Organisations.AddAsync(organisation, FirstOf(organisation.Id), owner.Id, owner.Actor, None)).ShouldBeTrue();
        return organisation.Id;
    }

    async Task InviteAsync(string organisation, string email, OrganisationRole role, string hash) =>
        (await Invitations.AddAsync(
            new Invitation(
                organisation, NewId("inv"), email, role, "x", _time.GetUtcNow(), _time.GetUtcNow() + Invitation.Life),
            hash, None)).ShouldBeTrue();

    async Task<MemberChange> AcceptAsync(string hash, Account account) =>
        (await Members.AcceptAsync(hash, account.Id, account.Email, _time.GetUtcNow(), account.Actor, None)).Outcome;

    async Task JoinAsync(string organisation, Account account, OrganisationRole role)
    {
        await InviteAsync(organisation, account.Email, role, account.Id);
        (await AcceptAsync(account.Id, account)).ShouldBe(MemberChange.Done);
    }

    async Task<Session> SessionAsync(Account user, string hash)
    {
        var now = _time.GetUtcNow();
        var session = new Session(NewId("ses"), user.Id, "a browser", now, now);
        await Sessions.AddAsync(session, hash, null, new AuditEntry(user.Actor, "user.signed_in", user.Id), None);
        return session;
    }

    async Task<long> CountAsync(string table)
    {
        await using var connection = await _database.OpenAsync(None);
        return await connection.ReadOneAsync<long>(new Dapper.CommandDefinition($"SELECT COUNT(*) FROM {table}"));
    }
}

public sealed class TenantStoreOnSqliteTests : TenantStoreTests, IDisposable
{
    readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    private protected override Task<SahabDatabase> CreateDatabaseAsync() =>
        Task.FromResult<SahabDatabase>(new SqliteDatabase(_folder.File("sahab.db")));
}

[Collection(PostgresTests.Name)]
public sealed class TenantStoreOnPostgresTests(PostgresServer server) : TenantStoreTests
{
    private protected override async Task<SahabDatabase> CreateDatabaseAsync() =>
        new PostgresDatabase(await server.CreateDatabaseAsync());
}
