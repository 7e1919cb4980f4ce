using System.Collections.Frozen;

namespace Sahab.Ledger.Focus;

/// <summary>FOCUS's categories of services, and the subcategories of each (source: version 1.2).</summary>
public static class FocusServices
{
    static readonly FrozenDictionary<string, string[]> Subcategories = new Dictionary<string, string[]>
    {
        ["AI and Machine Learning"] =
            ["AI Platforms", "Bots", "Generative AI", "Machine Learning", "Natural Language Processing"],
        ["Analytics"] =
            ["Analytics Platforms", "Business Intelligence", "Data Processing", "Search", "Streaming Analytics"],
        ["Business Applications"] = ["Productivity and Collaboration"],
        ["Compute"] =
            ["Containers", "End User Computing", "Quantum Compute", "Serverless Compute", "Virtual Machines"],
        ["Databases"] =
        [
            "Caching", "Data Warehouses", "Ledger Databases", "NoSQL Databases", "Relational Databases",
            "Time Series Databases",
        ],
        ["Developer Tools"] =
        [
            "Developer Platforms", "Continuous Integration and Deployment", "Development Environments",
            "Source Code Management", "Quality Assurance",
        ],
        ["Multicloud"] = ["Multicloud Integration"],
        ["Identity"] = ["Identity and Access Management"],
        ["Integration"] = ["API Management", "Messaging", "Workflow Orchestration"],
        ["Internet of Things"] = ["IoT Analytics", "IoT Platforms"],
        ["Management and Governance"] =
        [
            "Architecture", "Compliance", "Cost Management", "Data Governance", "Disaster Recovery",
            "Endpoint Management", "Observability", "Support",
        ],
        ["Media"] = ["Content Creation", "Gaming", "Media Streaming", "Mixed Reality"],
        ["Migration"] = ["Data Migration", "Resource Migration"],
        ["Mobile"] = [],
        ["Networking"] =
        [
            "Application Networking", "Content Delivery", "Network Connectivity", "Network Infrastructure",
            "Network Routing", "Network Security",
        ],
        ["Security"] = ["Secret Management", "Security Posture Management", "Threat Detection and Response"],
        ["Storage"] = ["Backup Storage", "Block Storage", "File Storage", "Object Storage", "Storage Platforms"],
        ["Web"] = ["Application Platforms"],
        ["Other"] = [],
    }.ToFrozenDictionary(StringComparer.Ordinal);

    /// <summary>The categories.</summary>
    public static IReadOnlyList<string> Categories => Subcategories.Keys;

    /// <summary>Whether a subcategory is one of a category; each has one for what fits nowhere else.</summary>
    public static bool Belongs(string subcategory, string category) =>
        subcategory == $"Other ({category})"
        || (Subcategories.TryGetValue(category, out var known) && known.Contains(subcategory));
}
