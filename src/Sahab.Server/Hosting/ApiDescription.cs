using Microsoft.AspNetCore.OpenApi;
using Microsoft.OpenApi;
using Sahab.Server.Hosting.Access;
using Sahab.Server.Sell.Tenants.Accounts;

namespace Sahab.Server.Hosting;

/// <summary>
/// Completes <c>/openapi/v1.json</c> by what the framework does not see of the control API: who may, the bodies and queries
/// that are read by hand, and errors.
/// </summary>
internal static class ApiDescription
{
    const string Key = "key";
    const string Session = "session";
    const string Problem = "Problem";
    const string FrontDoorError = "FrontDoorError";

    public static void Describe(OpenApiOptions options)
    {
        options.AddDocumentTransformer(DescribeAsync);
        options.AddOperationTransformer(DescribeAsync);
        options.CreateSchemaReferenceId = json =>
            OpenApiOptions.CreateDefaultSchemaReferenceId(json) is { } name
                ? json.Type is { DeclaringType: not null, IsGenericType: false } ? NameOf(json.Type) : name
                : null;
    }

    /// <summary>
    /// No address: without one, paths are of the server that was asked. What it was asked by may be a proxy, with another
    /// scheme than the client's.
    /// </summary>
    static Task DescribeAsync(
        OpenApiDocument document, OpenApiDocumentTransformerContext context, CancellationToken cancellation)
    {
        document.Servers = [];
        document.AddComponent<IOpenApiSecurityScheme>(Key, new OpenApiSecurityScheme
        {
            Type = SecuritySchemeType.Http,
            Scheme = "bearer",
            Description = "An admin key of the configuration, or an access token of a user.",
        });
        document.AddComponent<IOpenApiSecurityScheme>(Session, new OpenApiSecurityScheme
        {
            Type = SecuritySchemeType.ApiKey,
            In = ParameterLocation.Cookie,
            Name = SessionCookie.SecureName,
            Description = $"Of a user who has signed in. What changes something repeats in the header {SessionCookie.CsrfHeader} "
                + "the value 'csrf' of GET /api/session.",
        });
        document.AddComponent<IOpenApiSchema>(Problem, ProblemSchema());
        document.AddComponent<IOpenApiSchema>(FrontDoorError, FrontDoorErrorSchema());
        return Task.CompletedTask;
    }

    static async Task DescribeAsync(
        OpenApiOperation operation, OpenApiOperationTransformerContext context, CancellationToken cancellation)
    {
        var api = context.Description;
        var metadata = api.ActionDescriptor.EndpointMetadata;
        var method = api.HttpMethod ?? HttpMethods.Get;
        if (metadata.OfType<Needed>().LastOrDefault()?.For(method) is not { } needed)
        {
            return;
        }

        var document = context.Document!;
        Secure(operation, document, needed);
        if (metadata.OfType<BodyRead>().LastOrDefault() is { } body)
        {
            operation.RequestBody = await BodyAsync(body, context, document, cancellation);
        }

        operation.Parameters ??= [];
        if (metadata.OfType<PartAnswered>().Any())
        {
            operation.Parameters.Add(Query(
                "limit", JsonSchemaType.Integer, $"At most so many: 1 to {ListPage.MaxLimit}, {ListPage.DefaultLimit} unless said."));
            operation.Parameters.Add(Query("after", JsonSchemaType.String, "Where the part before ended: its 'next'."));
        }

        if (!HttpMethods.IsGet(method) && !HttpMethods.IsHead(method) && needed != Permission.Public)
        {
            operation.Parameters.Add(new OpenApiParameter
            {
                Name = IdempotencyFilter.Header,
                In = ParameterLocation.Header,
                Description = "The same key with the same request gets the answer of the first.",
                Schema = new OpenApiSchema { Type = JsonSchemaType.String, MaxLength = IdempotencyFilter.MaxKeyChars },
            });
        }

        AddProblems(operation, document);
        if (metadata.OfType<RefusesAsFrontDoor>().Any())
        {
            operation.Responses!["4XX"].Content!["application/json"] = new()
            {
                Schema = new OpenApiSchemaReference(FrontDoorError, document),
            };
        }
    }

    static void Secure(OpenApiOperation operation, OpenApiDocument document, Permission needed)
    {
        operation.Description = needed switch
        {
            Permission.Public => "Public.",
            Permission.SignedIn => "For whoever is signed in.",
            _ => $"For: {string.Join(", ", AccessPolicy.RolesWith(needed))}.",
        };
        if (needed != Permission.Public)
        {
            operation.Security =
            [
                new OpenApiSecurityRequirement { [new OpenApiSecuritySchemeReference(Key, document)] = [] },
                new OpenApiSecurityRequirement { [new OpenApiSecuritySchemeReference(Session, document)] = [] },
            ];
        }
    }

    static async Task<OpenApiRequestBody> BodyAsync(
        BodyRead body, OpenApiOperationTransformerContext context, OpenApiDocument document, CancellationToken cancellation)
    {
        IOpenApiSchema schema = new OpenApiSchema { Type = JsonSchemaType.String };
        if (body.Type is { } type)
        {
            document.AddComponent<IOpenApiSchema>(
                NameOf(type), await context.GetOrCreateSchemaAsync(type, null, cancellation));
            schema = new OpenApiSchemaReference(NameOf(type), document);
        }

        return new OpenApiRequestBody
        {
            Required = true,
            Content = new Dictionary<string, OpenApiMediaType> { [body.MediaType] = new() { Schema = schema } },
        };
    }

    static void AddProblems(OpenApiOperation operation, OpenApiDocument document)
    {
        operation.Responses ??= [];
        foreach (var status in operation.Responses.Keys.Where(status => status[0] is '4' or '5').ToList())
        {
            operation.Responses.Remove(status);
        }

        operation.Responses["4XX"] = new OpenApiResponse
        {
            Description = "It was not done: 'type' says what is wrong, and 'detail' what to do.",
            Content = new Dictionary<string, OpenApiMediaType>
            {
                [ControlProblem.ContentType] = new() { Schema = new OpenApiSchemaReference(Problem, document) },
            },
        };
    }

    /// <summary>What <see cref="ControlProblem"/> writes.</summary>
    static OpenApiSchema ProblemSchema() => new()
    {
        Type = JsonSchemaType.Object,
        Required = new HashSet<string> { "type", "title", "status", "detail" },
        Properties = new Dictionary<string, IOpenApiSchema>
        {
            ["type"] = Text("urn:sahab:problem: and what it is, for programs."),
            ["title"] = Text("The same for people."),
            ["status"] = new OpenApiSchema { Type = JsonSchemaType.Integer, Description = "The HTTP status." },
            ["detail"] = Text("What is wrong and what to do."),
            ["parameter"] = Text("The parameter or member of the body that is wrong."),
            ["details"] = new OpenApiSchema { Type = JsonSchemaType.Object, Description = "What else a program may want to know." },
        },
    };

    /// <summary>What the front door answers: an error as OpenAI writes it.</summary>
    static OpenApiSchema FrontDoorErrorSchema() => new()
    {
        Type = JsonSchemaType.Object,
        Required = new HashSet<string> { "error" },
        Properties = new Dictionary<string, IOpenApiSchema>
        {
            ["error"] = new OpenApiSchema
            {
                Type = JsonSchemaType.Object,
                Required = new HashSet<string> { "message", "type" },
                Properties = new Dictionary<string, IOpenApiSchema>
                {
                    ["message"] = Text("What is wrong and what to do."),
                    ["type"] = Text("What kind of error it is."),
                    ["param"] = new OpenApiSchema { Type = JsonSchemaType.String | JsonSchemaType.Null },
                    ["code"] = new OpenApiSchema { Type = JsonSchemaType.String | JsonSchemaType.Null },
                },
            },
        },
    };

    static OpenApiSchema Text(string description) => new() { Type = JsonSchemaType.String, Description = description };

    static OpenApiParameter Query(string name, JsonSchemaType type, string description) => new()
    {
        Name = name,
        In = ParameterLocation.Query,
        Description = description,
        Schema = new OpenApiSchema { Type = type },
    };

    /// <summary>Several rooms have a <c>Body</c>: what is nested is called after where it is, too.</summary>
    static string NameOf(Type type) => type.DeclaringType is { } around
        ? around.Name.Replace("Api", "", StringComparison.Ordinal).Replace("Desk", "", StringComparison.Ordinal) + type.Name
        : type.Name;
}
