using System.Globalization;
using System.Text;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Win32.SafeHandles;
using Sahab.Server.Hosting.Configuration;
using Sahab.Server.Hosting.Database;
using Sahab.Server.Sell.Metering;
using Sahab.Server.Source.Commitments;
using Sahab.Server.Source.Contracts;

namespace Sahab.Crash;

/// <summary>
/// Appends usage for ever, to be killed by a test: <c>Sahab.Crash FOLDER SEED APPENDERS (journal|post|settle1|settle2|invoice)</c>.
/// With <c>invoice</c> the folder may be a connection string of PostgreSQL.
/// Each acknowledged event is one line on standard output, written before the next append of the same appender. The last
/// two settle besides, without a pause, by <see cref="CrashContracts"/> with so many versions; <c>invoice</c> issues the
/// invoices of <see cref="CrashInvoices"/> instead.
/// </summary>
internal static class Program
{
    static async Task<int> Main(string[] args)
    {
        var folder = args[0];
        var seed = int.Parse(args[1], CultureInfo.InvariantCulture);
        var appenders = int.Parse(args[2], CultureInfo.InvariantCulture);
        using var output = new Acknowledgements();
        if (args[3] == "invoice")
        {
            await using SahabDatabase database = folder.Contains('=', StringComparison.Ordinal)
                ? new PostgresDatabase(folder)
                : new SqliteDatabase(Path.Combine(folder, MeteringModule.StoreFileName));
            await CrashInvoices.IssueAsync(database, output.Write);
            return 0;
        }

        var host = Host.CreateEmptyApplicationBuilder(settings: null);
        var settles = args[3].StartsWith("settle", StringComparison.Ordinal);
        host.Services.AddMetrics();
        if (settles)
        {
            host.Services.AddSingleton<TimeProvider>(new StandingTime(CrashContracts.Today))
                .AddSingleton<ContractStore>().AddSingleton<ContractShelf>().AddCommitments();
            host.Services.AddMetering(
                new MeteringConfig(), folder, provider => provider.GetRequiredService<ContractShelf>().Known);
        }
        else
        {
            host.Services.AddSingleton(TimeProvider.System);
            host.Services.AddMetering(new MeteringConfig(), folder);
        }

        using var built = host.Build();
        if (settles)
        {
            built.Services.GetRequiredService<ContractShelf>()
                .PutInForce(CrashContracts.Book(int.Parse(args[3]["settle".Length..], CultureInfo.InvariantCulture)));
        }

        if (settles || args[3] == "post")
        {
            await MeteringModule.PrepareAsync(built.Services, CancellationToken.None);
            await built.StartAsync();
        }

        var journal = built.Services.GetRequiredService<Journal>();
        output.Write("ready");
        await Task.WhenAll(Enumerable.Range(0, appenders)
            .Select(appender => AppendForEverAsync(journal, seed, appender, output))
            .Append(settles ? SettleForEverAsync(built.Services, output) : Task.CompletedTask));
        return 0;
    }

    static async Task SettleForEverAsync(IServiceProvider services, Acknowledgements output)
    {
        await Task.Yield();
        var loop = services.GetRequiredService<SettlementLoop>();
        while (true)
        {
            try
            {
                var round = await loop.SettleAsync(CancellationToken.None);
                output.Write("round " + round);
            }
            catch (Exception error)
            {
                output.Write("failed " + error);
            }
        }
    }

    static async Task AppendForEverAsync(Journal journal, int seed, int appender, Acknowledgements output)
    {
        await Task.Yield();
        for (var number = 0; ; number++)
        {
            var usage = CrashEvents.Make(seed, appender, number);
            try
            {
                await journal.AppendAsync(usage);
                output.Write(usage.EventId.ToString());
            }
            catch (JournalUnavailableException error)
            {
                output.Write("failed " + error.Message);
                await Task.Delay(TimeSpan.FromMilliseconds(20), TimeProvider.System, CancellationToken.None);
            }
        }
    }

    /// <summary>Lines on standard output, each in one write: what the kernel has taken survives a kill.</summary>
    sealed class Acknowledgements : IDisposable
    {
        readonly FileStream _output = new(new SafeFileHandle(1, ownsHandle: false), FileAccess.Write, bufferSize: 0);

        public void Write(string line)
        {
            var bytes = Encoding.UTF8.GetBytes(line + "\n");
            lock (_output)
            {
                _output.Write(bytes);
            }
        }

        public void Dispose() => _output.Dispose();
    }
}
