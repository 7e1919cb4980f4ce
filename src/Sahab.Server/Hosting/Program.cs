using System.CommandLine;
using Sahab.Server.Hosting.Commands;
using Spectre.Console;

namespace Sahab.Server.Hosting;

/// <summary>The executable <c>sahab</c>: the server and its command line.</summary>
internal static class Program
{
    const int RedirectedWidth = 200;

    /// <summary>
    /// How long a command may take to end once it was told to, before the process ends anyway. Longer than the calls in
    /// the house, the posting and the export together.
    /// </summary>
    static readonly TimeSpan EndPatience = TimeSpan.FromMinutes(2);

    static Task<int> Main(string[] args)
    {
        // The one place that opens the console: everything else writes through what it is given.
        var console = AnsiConsole.Console;
        if (!console.Profile.Out.IsTerminal)
        {
            // A file has no width to fold tables to.
            console.Profile.Width = RedirectedWidth;
        }

        Func<string, string?> environment = Environment.GetEnvironmentVariable;
        var root = new RootCommand("Sahab: one front door over many clouds.")
        {
            ServeCommand.Create(console, environment),
            CheckCommand.Create(console, environment),
            SchemaCommand.Create(console),
            UsageCommand.Create(console),
            ExplainCommand.Create(console, environment),
            ReplayCommand.Create(console, environment, TimeProvider.System),
            SimulateCommand.Create(console, TimeProvider.System),
            ImportCommand.Create(console),
            BillCommand.Create(console, environment),
            ContractCommand.Create(console, environment),
            PurchaseCommand.Create(console, environment),
            ClaimCommand.Create(console, environment),
            AuditCommand.Create(console, environment),
            SubprocessorCommand.Create(console, environment),
            ReviewCommand.Create(console, environment),
            TenantCommand.Create(console, environment),
            UserCommand.Create(console, environment),
            KeyCommand.Create(console, environment),
            BudgetCommand.Create(console, environment),
            CapacityCommand.Create(console, environment),
            InvoiceCommand.Create(console, environment),
            ReceiptCommand.Create(console),
        };
        return root.Parse(args).InvokeAsync(new InvocationConfiguration { ProcessTerminationTimeout = EndPatience });
    }
}
