using System.CommandLine;
using System.Text.RegularExpressions;
using Sahab.Server.Hosting;
using Sahab.Server.Hosting.Commands;
using Sahab.Server.Tests.Access;
using Sahab.Server.Tests.House;
using Spectre.Console;

namespace Sahab.Server.Tests.Commands;

/// <summary>Whatever the API does, a command does.</summary>
public sealed partial class CommandCoverageTests
{
    /// <summary>Endpoints that no command asks, each with why.</summary>
    static readonly Dictionary<string, string> Without = new()
    {
        ["GET /api/sign-in/issuers"] = "for the page on which one signs in",
        ["GET /api/sign-in/issuers/{}"] = "sends a browser to the issuer",
        ["GET /api/sign-in/issuers/{}/callback"] = "the browser comes back from the issuer",
        ["POST /api/payments/stripe"] = "the payment service asks it, with a signature",
        ["POST /api/organisations/{}/keys/{}/chat/completions"] = "the portal's way to /v1, which clients ask with a key",
        ["GET /api/organisations/{}/projects/{}/keys"] = "`sahab key list` lists those of all projects",
    };

    /// <summary>Endpoints that commands ask in a way of their own, each with the command.</summary>
    static readonly Dictionary<string, string> ByHand = new()
    {
        ["GET /api/audit/export"] = "audit export",
        ["GET /api/bill"] = "bill export",
        ["GET /api/budget-nodes"] = "budget nodes",
        ["DELETE /api/budget-nodes/{}"] = "budget release",
        ["GET /api/capacity"] = "capacity sold",
        ["GET /api/claims"] = "claim list",
        ["GET /api/claims/owed"] = "claim list",
        ["POST /api/claims"] = "claim raise",
        ["POST /api/claims/{}/answer"] = "claim answer",
        ["POST /api/claims/{}/close"] = "claim close",
        ["POST /api/claims/{}/credit"] = "claim credit",
        ["POST /api/claims/{}/send"] = "claim send",
        ["GET /api/contracts"] = "contract list",
        ["GET /api/contracts/{}"] = "contract show",
        ["GET /api/contracts/{}/burndown"] = "contract burndown",
        ["GET /api/contracts/{}/forecast"] = "contract forecast",
        ["GET /api/contracts/{}/opening"] = "contract opening",
        ["GET /api/contracts/{}/standings"] = "contract shortfall",
        ["POST /api/contracts/preview"] = "contract amend",
        ["POST /api/explain"] = "explain",
        ["POST /api/invoices/issue"] = "invoice issue",
        ["POST /api/invoices/payments"] = "invoice payment import",
        ["GET /api/operators"] = "user operators",
        ["POST /api/operators"] = "user operator",
        ["POST /api/users"] = "user add",
        ["POST /api/organisations"] = "tenant add",
        ["POST /api/organisations/{}/projects"] = "tenant project add",
        ["PATCH /api/organisations/{}/projects/{}"] = "tenant project rename",
        ["GET /api/organisations/{}/budgets"] = "budget list",
        ["POST /api/organisations/{}/budgets"] = "budget set",
        ["DELETE /api/organisations/{}/budgets/{}"] = "budget remove",
        ["GET /api/organisations/{}/capacity"] = "capacity list",
        ["POST /api/organisations/{}/capacity"] = "capacity reserve",
        ["GET /api/organisations/{}/capacity/offers"] = "capacity offers",
        ["PATCH /api/organisations/{}/capacity/{}"] = "capacity renew",
        ["DELETE /api/organisations/{}/capacity/{}"] = "capacity cancel",
        ["GET /api/organisations/{}/invoices"] = "invoice list",
        ["GET /api/organisations/{}/invoices/{}"] = "invoice show",
        ["GET /api/organisations/{}/invoices/{}.csv"] = "invoice export",
        ["GET /api/organisations/{}/invoices/{}.html"] = "invoice export",
        ["GET /api/organisations/{}/invoices/{}.pdf"] = "invoice export",
        ["GET /api/organisations/{}/keys"] = "key list",
        ["POST /api/organisations/{}/projects/{}/keys"] = "key add",
        ["GET /api/organisations/{}/projects/{}/keys/{}"] = "key show",
        ["PATCH /api/organisations/{}/projects/{}/keys/{}"] = "key change",
        ["POST /api/organisations/{}/projects/{}/keys/{}/revoke"] = "key revoke",
        ["POST /api/organisations/{}/projects/{}/keys/{}/rotate"] = "key rotate",
        ["GET /api/purchases"] = "purchase list",
        ["POST /api/purchases"] = "purchase draft",
        ["POST /api/purchases/{}/answer"] = "purchase answer",
        ["POST /api/purchases/{}/deliver"] = "purchase deliver",
        ["POST /api/purchases/{}/offer"] = "purchase offer",
        ["POST /api/purchases/{}/sign"] = "purchase sign",
        ["POST /api/purchases/{}/withdraw"] = "purchase withdraw",
        ["GET /api/reviews"] = "review list",
        ["POST /api/subprocessors"] = "subprocessor add",
        ["GET /api/usage"] = "usage",
        ["POST /api/sign-in"] = "account show",
        ["POST /api/sign-out"] = "account show",
        ["POST /api/sign-up"] = "account sign-up",
        ["POST /api/account/password"] = "account password",
    };

    [Fact]
    public async Task Every_endpoint_is_asked_by_a_command_or_says_why_not()
    {
        await using var house = await TestHouse.StartAsync();
        var endpoints = ControlEndpoints.Of(house).Select(endpoint => Plain(endpoint.ToString())).ToHashSet();
        var commands = Commands(Program.CommandsOf(AnsiConsole.Console, _ => null), "").ToList();
        var asked = commands.Select(each => each.Command).OfType<EndpointCommand>()
            .Select(command => Plain(command.Endpoint.Replace(" api/", " /api/", StringComparison.Ordinal).Split('?')[0]))
            .ToHashSet();

        asked.Except(endpoints).ShouldBeEmpty("commands ask these, and there is none of them");
        Without.Keys.Concat(ByHand.Keys).Except(endpoints).ShouldBeEmpty("these are no endpoints");
        Without.Keys.Concat(ByHand.Keys).Intersect(asked).ShouldBeEmpty("these are asked by a command that says so");
        ByHand.Values.Except(commands.Select(each => each.Name)).ShouldBeEmpty("these are no commands");
        endpoints.Except(asked).Except(ByHand.Keys).Except(Without.Keys).ShouldBeEmpty("no command asks these");
    }

    [Fact]
    public void No_command_has_two_options_of_one_name()
    {
        foreach (var (name, command) in Commands(Program.CommandsOf(AnsiConsole.Console, _ => null), ""))
        {
            command.Options.Select(option => option.Name).ShouldBeUnique(name);
        }
    }

    static IEnumerable<(string Name, Command Command)> Commands(Command of, string path) => of.Subcommands.SelectMany(
        command => Commands(command, $"{path}{command.Name} ").Prepend(($"{path}{command.Name}", command)));

    /// <summary>Without what parameters are called.</summary>
    static string Plain(string endpoint) => Parameters().Replace(endpoint, "{}").TrimEnd('/');

    [GeneratedRegex(@"\{[^}]*\}")]
    private static partial Regex Parameters();
}
