using System.Diagnostics.Metrics;
using Sahab.Ledger.Contracts;
using Sahab.Ledger.Sales;
using Sahab.Server.Hosting.Configuration;
using Sahab.Server.Hosting.Database;
using Sahab.Server.Sell.Budgets;
using Sahab.Server.Sell.Receipts;

namespace Sahab.Server.Sell.Metering;

/// <summary>Registers metering: the journal, the store, the loop between them, and the questions about usage.</summary>
internal static class MeteringModule
{
    public const string JournalFileName = "journal.db";
    public const string StoreFileName = "sahab.db";

    /// <summary>The data folder must exist. Call <see cref="PrepareAsync"/> before the host starts.</summary>
    /// <param name="contracts">The contracts as they are known now; left out: usage is posted under none.</param>
    /// <param name="prices">The price book in force; left out: nothing is sold.</param>
    public static IServiceCollection AddMetering(
        this IServiceCollection services,
        MeteringConfig config,
        string dataFolder,
        Func<IServiceProvider, ContractTimeline>? contracts = null,
        Func<IServiceProvider, PriceBook>? prices = null) => services
        .AddSingleton(OpenDatabase(config.Store, dataFolder))
        .AddSingleton(provider => Journal.Open(
            new JournalOptions
            {
                Path = Path.Combine(dataFolder, JournalFileName),
                Durability = config.Journal.Durability,
                MaxPending = config.Journal.MaxPending,
                MaxBytes = config.Journal.MaxBytes,
            },
            provider.GetRequiredService<ILogger<Journal>>()))
        .AddSingleton(provider => new UsageStore(
            provider.GetRequiredService<SahabDatabase>(), contracts is null ? null : () => contracts(provider),
            prices is null ? null : () => prices(provider), provider.GetService<ReceiptWriter>(),
            provider.GetService<SpendWriter>()))
        .AddSingleton(provider => new UsageInstruments(
            provider.GetRequiredService<IMeterFactory>(), provider.GetRequiredService<Journal>()))
        .AddSingleton<MarginBook>()
        .AddSingleton<UsageLoop>()
        .AddHostedService(provider => provider.GetRequiredService<UsageLoop>())
        // Stopped before the loop, so that what it hands in at the end is posted too.
        .AddSingleton<UnrecordedUsage>()
        .AddHostedService(provider => provider.GetRequiredService<UnrecordedUsage>());

    /// <summary>
    /// Opens the journal and brings the store's schema up to date; throws where either is impossible.
    /// </summary>
    public static Task PrepareAsync(IServiceProvider services, CancellationToken cancellation)
    {
        _ = services.GetRequiredService<Journal>();
        return services.GetRequiredService<SahabDatabase>()
            .MigrateAsync(services.GetRequiredService<TimeProvider>(), cancellation);
    }

    /// <summary>
    /// Maps the questions about usage into the group <c>/api</c>, which must admit administrators only.
    /// </summary>
    public static IEndpointRouteBuilder MapMetering(this IEndpointRouteBuilder api) =>
        MarginApi.Map(UsageApi.Map(api));

    static SahabDatabase OpenDatabase(StoreConfig store, string dataFolder) => store.Postgres?.Value is { } connection
        ? new PostgresDatabase(connection.Reveal())
        : new SqliteDatabase(Path.Combine(dataFolder, store.Sqlite ?? StoreFileName));
}
