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

        return CommandsOf(console, Environment.GetEnvironmentVariable).Parse(args)
            .InvokeAsync(new InvocationConfiguration { ProcessTerminationTimeout = EndPatience });
    }

    /// <summary>All commands.</summary>
    internal static RootCommand CommandsOf(IAnsiConsole console, Func<string, string?> environment) =>
        new("Sahab: one front door over many clouds.")
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
            ReceiptCommand.Create(console, environment),
            MemberCommand.Create(console, environment),
            MemberCommand.CreateInvitation(console, environment),
            AccountCommand.Create(console, environment),
            WebhookCommand.Create(console, environment),
            DataCommand.Create(console, environment),
            DataCommand.CreateUse(console, environment),
            BillingCommand.Create(console, environment),
            BillingCommand.CreateCredit(console, environment),
            BillingCommand.CreatePrice(console, environment),
            BillingCommand.CreateMargin(console, environment),
            CallCommand.Create(console, environment),
            CallCommand.CreateLedger(console, environment),
            CallCommand.CreateIncident(console, environment),
            CallCommand.CreateStatus(console, environment),
        };
}
