namespace Sahab.Server.Hosting.Configuration;

/// <summary>What must hold for a provider that speaks Vertex AI's dialect.</summary>
internal static class VertexRules
{
    public static void Check(ProviderConfig provider, string path, ProblemList problems)
    {
        if (provider.Vertex is not { } vertex || provider.Dialect != Dialect.Vertex)
        {
            return;
        }

        if (provider.Credentials is not null && vertex.Account is not null)
        {
            problems.Error(
                $"{path}.vertex.account", "the provider has an API key too", "Keep either credentials or vertex.account");
        }

        if (vertex.Project is null && provider.Credentials is null)
        {
            problems.Error(
                $"{path}.vertex", "only an API key stands for a project", "Add project: with the project's id");
        }
        else if (vertex.Project is null && vertex.Api == VertexApi.OpenAi)
        {
            problems.Error(
                $"{path}.vertex.api", "the OpenAI-compatible API lies below a project", "Add project: with its id");
        }
    }
}
