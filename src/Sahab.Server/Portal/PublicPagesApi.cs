using Sahab.Server.Govern.Residency;
using Sahab.Server.Hosting.Access;
using Sahab.Server.Hosting.Configuration;
using Sahab.Server.Portal.Pages.Public;
using Sahab.Server.Sell.Prices;
using Sahab.Server.Serve.Incidents;

namespace Sahab.Server.Portal;

/// <summary>The pages for everybody. Each is made of what is in memory: who looks however often asks no database.</summary>
internal static class PublicPagesApi
{
    public static void Map(IEndpointRouteBuilder pages)
    {
        var open = pages.MapGroup("").Needs(Permission.Public).ExcludeFromDescription();
        open.MapGet("/status", (HttpContext context, PageRenderer renderer, StatusBoard board) => renderer.ShowAsync(
            context, new PageView(typeof(StatusPage), new() { ["View"] = new StatusView { Models = board.Read() } })));
        open.MapGet("/prices", (HttpContext context, PageRenderer renderer, PriceShelf shelf, TimeProvider time) =>
            renderer.ShowAsync(context, new PageView(typeof(PricesPage), new()
            {
                ["View"] = new PricesView(shelf.Current, time.GetUtcNow()),
            })));
        open.MapGet("/subprocessors", (
                HttpContext context, PageRenderer renderer, DataRulesShelf shelf, ConfigurationState configuration,
                TimeProvider time) =>
            renderer.ShowAsync(context, new PageView(typeof(SubprocessorsPage), new()
            {
                ["View"] = new SubprocessorsView
                {
                    Register = shelf.Tables.Register,
                    Notice = configuration.Current.Subprocessors.Notice,
                    Now = time.GetUtcNow(),
                },
            })));
    }
}
