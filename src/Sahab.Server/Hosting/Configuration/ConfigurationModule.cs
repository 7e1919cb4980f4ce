namespace Sahab.Server.Hosting.Configuration;

/// <summary>Registers the configuration in force, and the loop that keeps it so.</summary>
internal static class ConfigurationModule
{
    /// <summary>For a configuration file that was read without errors.</summary>
    public static IServiceCollection AddConfigurationFile(
        this IServiceCollection services, ConfigReader reader, ConfigReading reading) => services
            .AddSingleton(provider => new ConfigurationState(reading, provider.GetRequiredService<TimeProvider>()))
            .AddSingleton(provider => new ConfigurationLoop(
                provider.GetRequiredService<ConfigurationState>(), reader, reading,
                provider.GetRequiredService<TimeProvider>(),
                provider.GetRequiredService<ILogger<ConfigurationLoop>>()))
            .AddHostedService(provider => provider.GetRequiredService<ConfigurationLoop>());

    /// <summary>For a configuration without a file, as discovery makes it: it stays as it is.</summary>
    public static IServiceCollection AddConfiguration(
        this IServiceCollection services, SahabConfig config, string source) => services
            .AddSingleton(provider => new ConfigurationState(
                config, source, "", [], provider.GetRequiredService<TimeProvider>()));
}
