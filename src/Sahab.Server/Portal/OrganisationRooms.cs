using Sahab.Server.Govern.Residency;
using Sahab.Server.Hosting.Access;
using Sahab.Server.Hosting.Database;
using Sahab.Server.Sell.Budgets;
using Sahab.Server.Sell.Invoices;
using Sahab.Server.Sell.Metering;
using Sahab.Server.Sell.Prices;
using Sahab.Server.Sell.Tenants;
using Sahab.Server.Sell.Tenants.Keys;

namespace Sahab.Server.Portal;

/// <summary>All that the rooms know of one organisation, of which a viewer is given what they may see.</summary>
internal sealed class OrganisationRooms(
    MemberStore members, ProjectStore projects, KeyStore keys, BudgetStore budgets, BudgetReadings readings, UsageStore usage,
    MarginBook margin, InvoiceStore invoices, PriceShelf prices, DataRulesShelf rules, TimeProvider time)
{
    /// <summary>The most rows of each; the organisation's own pages have the others.</summary>
    public const int MostRows = 200;

    static readonly ListPage First = new(MostRows, "");

    public async Task<OperatorOrganisationView> LookAsync(Organisation organisation, Viewer viewer, CancellationToken cancellation)
    {
        var (id, now) = (organisation.Id, time.GetUtcNow());
        var month = new DateTimeOffset(now.Year, now.Month, 1, 0, 0, 0, TimeSpan.Zero);
        var until = UnixMicroseconds.ToTime(UnixMicroseconds.HourOf(UnixMicroseconds.From(now))).AddHours(1);
        var used = new UsageQuery
        {
            From = month,
            To = until,
            Where = new Dictionary<UsageDimension, string> { [UsageDimension.Tenant] = id },
        };
        var set = viewer.May(Permission.SeeBudgets) ? await budgets.ListAsync(id, First, cancellation) : [];
        return new OperatorOrganisationView(organisation)
        {
            Members = await members.ListAsync(id, First, cancellation),
            Projects = await projects.ListAsync(id, First, cancellation),
            Keys = viewer.May(Permission.SeeKeys) ? await keys.ListGoodFirstAsync(id, First, cancellation) : [],
            Budgets = [.. set.Zip(await readings.ReadAsync(set, cancellation))],
            Used = await usage.TotalsAsync(used, [UsageDimension.Model], cancellation),
            Earned = viewer.May(Permission.SeeSales)
                ? await margin.ReadAsync(month, until, MarginDimension.Model, lossesFirst: false, cancellation, id)
                : null,
            Credits = viewer.May(Permission.SeeBilling) ? await CreditsAsync(id, cancellation) : [],
            Agreements = viewer.May(Permission.SeeBilling)
                ? [.. prices.Current.Agreements.Where(agreement => agreement.Organisation == id)]
                : [],
            Uses = viewer.May(Permission.SeeGovernance)
                ? [.. rules.Tables.Uses.Where(use => use.Organisation == id)]
                : [],
            KeepFor = rules.Book.Organisations.GetValueOrDefault(id)?.Bounds.KeepFor,
            Now = now,
        };
    }

    async Task<IReadOnlyList<StoredCredit>> CreditsAsync(string organisation, CancellationToken cancellation)
    {
        await using var connection = await invoices.OpenAsync(cancellation);
        return await InvoiceStore.CreditsAsync(connection, null, organisation, cancellation);
    }
}
