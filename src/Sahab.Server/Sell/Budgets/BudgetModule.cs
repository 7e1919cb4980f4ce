namespace Sahab.Server.Sell.Budgets;

/// <summary>Registers budgets.</summary>
internal static class BudgetModule
{
    public static IServiceCollection AddBudgets(this IServiceCollection services) => services
        .AddSingleton<BudgetStore>()
        .AddSingleton<BudgetShelf>()
        .AddSingleton<BudgetFeed>()
        .AddSingleton<SpendWriter>()
        .AddSingleton<SettleGate>()
        .AddSingleton<BudgetInstruments>()
        .AddSingleton<BudgetCounter>()
        .AddSingleton<BudgetExchange>()
        .AddSingleton<BudgetReadings>()
        .AddSingleton<BudgetDesk>()
        .AddSingleton<BudgetNodes>()
        .AddSingleton<BudgetLoop>()
        .AddHostedService(provider => provider.GetRequiredService<BudgetLoop>());

    /// <summary>Reads the budgets, before any call is taken. The database must be up to date.</summary>
    public static async Task PrepareAsync(IServiceProvider services, CancellationToken cancellation)
    {
        await services.GetRequiredService<BudgetDesk>().CountAllAsync(cancellation);
        await services.GetRequiredService<BudgetFeed>().CatchUpAsync(cancellation);
    }

    public static void MapBudgets(this IEndpointRouteBuilder api)
    {
        BudgetsApi.Map(api);
        BudgetNodesApi.Map(api);
    }
}
