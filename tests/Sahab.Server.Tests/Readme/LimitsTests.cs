using System.Globalization;
using Sahab.Routing.Admission;
using Sahab.Routing.Snapshot;
using Sahab.Server.Govern.Residency;
using Sahab.Server.Govern.Subprocessors;
using Sahab.Server.Hosting;
using Sahab.Server.Hosting.Access;
using Sahab.Server.Hosting.Configuration;
using Sahab.Server.Hosting.Database;
using Sahab.Server.Plan.Replay;
using Sahab.Server.Portal;
using Sahab.Server.Sell.Budgets;
using Sahab.Server.Sell.Capacity;
using Sahab.Server.Sell.Invoices;
using Sahab.Server.Sell.Metering;
using Sahab.Server.Sell.Receipts;
using Sahab.Server.Sell.Tenants;
using Sahab.Server.Sell.Tenants.Accounts;
using Sahab.Server.Sell.Tenants.Keys;
using Sahab.Server.Sell.Tenants.SignIn;
using Sahab.Server.Sell.Webhooks;
using Sahab.Server.Serve.Batches;
using Sahab.Server.Serve.Gateway;
using Sahab.Server.Serve.Incidents;
using Sahab.Server.Source.Bills;
using Sahab.Server.Source.Purchases;
using Sahab.Server.Tests.House;
using Sahab.Wire.OpenAI;
using Sahab.Wire.Sse;

namespace Sahab.Server.Tests.Readme;

/// <summary>The values in docs/operations/limits.md are those of the code.</summary>
public class LimitsTests
{
    static readonly string Text = File.ReadAllText(Repository.PathOf("docs/operations/limits.md"));

    [Fact]
    public void Those_that_are_configured_have_the_defaults_of_the_configuration()
    {
        var server = new ServerConfig();
        Says("calls in the house", server.MaxConcurrentCalls);
        Says("a call from arrival to end", Seconds(server.CallDeadline));
        Says("request body", Mebibytes(server.MaxBodyBytes));
        Says("attempts of a call", new RoutingConfig().MaxAttempts);
        Says("waiting calls", new QueueConfig().MaxWaiting);
        Says("waiting time", Seconds(new QueueConfig().MaxWait));
        Says("output tokens assumed", new AdmissionConfig().DefaultOutputTokens);
        Says("connecting", Seconds(new TimeoutsConfig().Connect));
        Says("first byte of an answer", Seconds(new TimeoutsConfig().FirstByte));
        Says("between two chunks", Seconds(new TimeoutsConfig().BetweenChunks));
        Says("failures in a row", new BreakerConfig().Failures);
        Says("a breaker stays open", $"{Seconds(new BreakerConfig().OpenFor)}, doubling to "
            + Seconds(new BreakerConfig().MaxOpenFor));
        Says("events appended and not committed", new JournalConfig().MaxPending);
        Says("reading on for a client that has gone: time", Seconds(new DrainConfig().MaxTime));
        Says("the same: bytes", Mebibytes(new DrainConfig().MaxBytes));
        Says("the same: streams", new DrainConfig().MaxConcurrent);
    }

    [Fact]
    public void The_others_have_the_values_of_the_constants()
    {
        Says("pages that are kept up to date at once", $"{LiveStream.MaxViewers}; {LiveStream.MaxLife.TotalMinutes:0} min");
        Says("connections at a time", SahabServer.MaxConnections);
        Says(
            "time for a request's head", $"{Seconds(SahabServer.HeadTimeout)}; {Seconds(SahabServer.IdleTimeout)}");
        Says(
            "a request's head", $"{SahabServer.MaxHeadBytes >> 10} KiB; {SahabServer.MaxRequestLineBytes >> 10} KiB; "
            + $"{SahabServer.MaxHeaders}");
        Says($"pace of a body that comes and of an answer that is taken, after {Seconds(SahabServer.SlowStart)}",
            $"{SahabServer.MinBytesPerSecond} bytes/s");
        Says("memory set aside for a body", $"{BodyReader.MaxBytesInAdvance >> 10} KiB");
        Says("nesting of a request's JSON", $"{RequestScanner.MaxDepth} levels");
        Says("model name", $"{RequestFacts.MaxModelBytes} bytes");
        Says("choices (`n`)", RequestFacts.MaxChoices);
        Says("figures in an answer about an organisation's usage", UsageStore.MaxSeriesRows);
        Says("keys of the store", KeyFeed.MaxKeys);
        Says("keys of an organisation", KeyDesk.MaxKeysOfOrganisation);
        Says("secrets of a key", KeyDesk.MaxSecrets);
        Says("unknown keys from an address", $"{KeyGuesses.AtOnce}; {Seconds(KeyGuesses.Interval)}");
        Says("budgets; of an organisation", BudgetShelf.MaxBudgets);
        Says("reservations of a model that have not ended", CapacityStore.MaxOfModel);
        Says("groups that share one model", TenantGroup.MaxGroups);
        Says("calls that wait for more of a hard budget", BudgetExchange.MaxWaiting);
        Says("how long they wait", $"{BudgetExchange.MaxWait.TotalSeconds:0} s");
        Says("deployments of a model", ModelRoute.MaxCandidates);
        Says("`Retry-After` that is believed", $"{RetryAfter.MaxMs / 86_400_000} days");
        Says("one event of a stream", Mebibytes(SseScanner.DefaultMaxEventBytes));
        var journal = new JournalOptions { Path = "x" };
        Says("the journal's file", $"{journal.MaxBytes >> 30} GiB");
        Says("a group", $"{journal.GroupBytes >> 10} KiB or {journal.CommitIntervalMs} ms");
        Says("write-ahead log", Mebibytes(journal.CheckpointBytes));
        Says("contents of files whose rows are looked for in one round", BatchLoop.TidyMost);
        Says("groups in an answer about usage", UsageStore.MaxGroups);
        Says("rows of a bill in FOCUS, read or written", FocusCsv.MaxRows);
        Says("purchases in a list", PurchaseStore.MaxPage);
        Says("webhooks of an organisation", WebhookStore.MaxPerOrganisation);
        Says("events on their way at once", WebhookLoop.MaxInFlight);
        Says("the same, to one webhook", WebhookLoop.MaxPerWebhook);
        Says("events on their way to a webhook before it gets no test", WebhookOutbox.MaxPendingBeforeTest);
        Says("attempts to send an event", WebhookLoop.Pauses.Length + 1);
        Says("time for a receiver's answer", Seconds(WebhookSender.AnswerTimeout));
        Says("a webhook without one success", $"{WebhookLoop.DisabledAfter.TotalDays} days");
        Says("events kept", $"{WebhookLoop.Kept.TotalDays} days");
        Says("documents or calls in an answer", InvoiceStore.MaxPage);
        Says("a window of a budget after its end", $"{BudgetLoop.Kept.TotalDays} days");
        Says("calls looked through for those of a project", InvoiceDesk.MaxReads * UsageStore.MaxPage);
        Says(
            "requests with an idempotency key of one caller",
            $"{IdempotentRequestStore.AtOnce:N0}; {Seconds(IdempotentRequestStore.Interval)}");
        Says("body that tells of payments", Mebibytes(BillingApi.MaxPaymentsBytes));
        Says("credits of an organisation", InvoiceStore.MaxCredits);
        Says("receipts that are read at once", ReceiptStore.MaxPage);
        Says("problems that", Ledger.Sales.ReceiptChain.MaxProblems);
        Says("recent calls kept", RecentCalls.Capacity);
        Says("body of a request to the control API", $"{ControlBody.MaxBytes >> 10} KiB");
        Says("entries in a part of a list of the control API", $"100, at most {ListPage.MaxLimit:N0}");
        Says("paths in an answer about residency", DataRulesApi.MaxPaths);
        Says("rules on data set at run time", DataRulesStore.MaxRules);
        Says("subprocessors, removed ones included", SubprocessorStore.MaxSubprocessors);
        Says("a change of a rule until it holds on other nodes", Seconds(DataRulesLoop.Period));
        Says("days of the public page of availability", StatusBoard.Days);
        Says("days back that outages are looked for", IncidentDesk.MaxDays);
        Says("bad slots of five minutes", UsageStore.MaxSlots);
        Says("`sahab replay`: calls in flight", ReplayOptions.DefaultMaxInFlight);
    }

    [Fact]
    public void Those_of_users_and_organisations_have_the_values_of_the_constants()
    {
        Says("attempts at one user", $"{SignInDesk.AttemptsOfUser}; {Seconds(SignInDesk.UserInterval)}");
        Says("attempts of one client", $"{SignInDesk.AttemptsOfClient}; {Seconds(SignInDesk.ClientInterval)}");
        Says("sessions and access tokens that nobody has", $"{TokenGuesses.AtOnce}; {Seconds(TokenGuesses.Interval)}");
        Says("places in each table of attempts", AttemptLimiter.Places);
        Says("characters of a password", $"{Passwords.MinChars} to {Passwords.MaxChars}");
        Says("passwords that wait", $"{Passwords.MaxWaiting}; one for each processor");
        Says("a session: life", $"{Session.Life.TotalHours} h; {Session.IdleLife.TotalHours} h");
        Says("sessions of a user", SessionStore.MaxOfUser);
        Says("access tokens of a user", $"{AccessTokenStore.MaxOfUser}; {AccessToken.MaxDays}");
        Says("connections of a node to PostgreSQL", PostgresDatabase.MaxConnections);
        Says("callers that are remembered", $"{CallerCache.Capacity:N0}; {CallerCache.LifeMs / 1000} s");
        Says("organisations that a user owns", OrganisationStore.MaxOwned);
        Says("projects of an organisation", ProjectStore.MaxOfOrganisation);
        Says("members of an organisation", MemberStore.MaxMembers);
        Says("invitations that nobody", $"{InvitationStore.MaxOpen}; {Invitation.Life.TotalDays}");
        Says("entries of a list", $"{ListPage.DefaultLimit}, at most {ListPage.MaxLimit:N0}");
        Says("body of a request about these", $"{ControlBody.MaxBytes >> 10} KiB");
        Says(
            "a request with an idempotency key", $"{IdempotencyFilter.MaxBodyBytes >> 20} MiB; "
            + $"{IdempotencyFilter.MaxAnswerBytes >> 20} MiB; {IdempotentRequestStore.Life.TotalHours} h");
        Says("waiting for the same request", Seconds(IdempotencyFilter.Patience));
        Says("an answer of an issuer", $"{IssuerClient.MaxAnswerBytes >> 10} KiB; {Seconds(IssuerClient.AnswerTimeout)}");
        Says("a browser that was sent to an issuer", $"{SignInRound.Life.TotalMinutes} min");
    }

    static void Says(string what, int value) => Says(what, value.ToString("N0", CultureInfo.InvariantCulture));

    static void Says(string what, string value)
    {
        var row = Text.Split('\n').Where(line => line.StartsWith($"| {what}", StringComparison.Ordinal))
            .ShouldHaveSingleItem(what);
        row.Split('|')[2].Trim().ShouldBe(value, what);
    }

    static string Seconds(TimeSpan time) => $"{time.TotalSeconds} s";

    static string Mebibytes(long bytes) => $"{bytes / 1048576.0} MiB";
}
