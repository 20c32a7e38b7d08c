# The same as manifest.yaml, for those whose deployments are Terraform's, as in the story.

variable "namespace" {
  type    = string
  default = "default"
}

variable "django_replicas" {
  type    = number
  default = 2
}

variable "django_image" {
  type    = string
  default = "registry.example/django:latest"
}

variable "pillion_image" {
  type    = string
  default = "registry.example/pillion:0.1.0"
}

variable "pgbouncer_image" {
  type    = string
  default = "registry.example/pgbouncer:1.26.1"
}

variable "django_port" {
  type    = number
  default = 8000
}

resource "kubernetes_config_map" "django_database" {
  metadata {
    namespace = var.namespace
    name      = "django-database"
  }

  data = {
    "credentials.yaml" = <<-EOT
      http-bind: ":9102"
      credentials:
        - name: orders
          provider: aws-rds
          host: orders.c1a2b3.eu-west-1.rds.amazonaws.com # the endpoint itself: RDS refuses tokens made for an alias
          user: app_iam # GRANT rds_iam TO app_iam
          outputs:
            - format: pgbouncer
              path: /shared/users.txt
              include: /secrets/client/users.txt # Django's own line: "django" "its password"
          reload:
            - pgbouncer=/run/pgbouncer # the same user as pgbouncer's is admin on its socket
    EOT

    "pgbouncer.ini" = <<-EOT
      [databases]
      orders = host=orders.c1a2b3.eu-west-1.rds.amazonaws.com port=5432 dbname=orders user=app_iam

      [pgbouncer]
      listen_addr = 127.0.0.1
      listen_port = 6432
      unix_socket_dir = /run/pgbouncer
      auth_type = scram-sha-256
      auth_file = /shared/users.txt
      pool_mode = transaction
      max_client_conn = 4000
      default_pool_size = 20
      reserve_pool_size = 5
      # A RELOAD cuts off a login that is under way, which counts as failed; the default would keep clients waiting for 15 s.
      server_login_retry = 1
      server_tls_sslmode = verify-full
      server_tls_ca_file = /etc/rds/global-bundle.pem
    EOT
  }
}

resource "kubernetes_deployment" "django" {
  metadata {
    namespace = var.namespace
    name      = "django"
    labels = {
      app = "django"
    }
  }

  spec {
    replicas = var.django_replicas

    selector {
      match_labels = {
        app = "django"
      }
    }

    template {
      metadata {
        labels = {
          app = "django"
        }
      }

      spec {
        service_account_name = "django"
        enable_service_links = false

        security_context {
          run_as_non_root = true
          run_as_user     = "10001"
          fs_group        = "10001"

          seccomp_profile {
            type = "RuntimeDefault"
          }
        }

        init_container {
          name           = "credentials"
          image          = var.pillion_image
          restart_policy = "Always"
          command        = ["tini", "--", "pillion"]
          args           = ["credentials", "--config=/etc/database/credentials.yaml"]

          port {
            name           = "http"
            container_port = 9102
          }

          startup_probe {
            http_get {
              path = "/readyz"
              port = "http"
            }
            period_seconds    = 1
            failure_threshold = 120
            timeout_seconds   = 5
          }

          liveness_probe {
            http_get {
              path = "/livez"
              port = "http"
            }
            timeout_seconds = 5
          }

          readiness_probe {
            http_get {
              path = "/readyz"
              port = "http"
            }
            timeout_seconds = 5
          }

          security_context {
            allow_privilege_escalation = false
            read_only_root_filesystem  = true

            capabilities {
              drop = ["ALL"]
            }
          }

          resources {
            requests = {
              cpu    = "20m"
              memory = "64Mi"
            }
            limits = {
              memory = "192Mi"
            }
          }

          volume_mount {
            name       = "shared"
            mount_path = "/shared"
          }

          volume_mount {
            name       = "run"
            mount_path = "/run/pgbouncer"
          }

          volume_mount {
            name       = "database"
            mount_path = "/etc/database"
            read_only  = true
          }

          volume_mount {
            name       = "client"
            mount_path = "/secrets/client"
            read_only  = true
          }
        }

        init_container {
          name           = "pgbouncer"
          image          = var.pgbouncer_image
          restart_policy = "Always"
          args           = ["/etc/database/pgbouncer.ini"]

          startup_probe {
            exec {
              command = ["test", "-S", "/run/pgbouncer/.s.PGSQL.6432"]
            }
            period_seconds    = 1
            failure_threshold = 60
          }

          security_context {
            allow_privilege_escalation = false
            read_only_root_filesystem  = true

            capabilities {
              drop = ["ALL"]
            }
          }

          volume_mount {
            name       = "shared"
            mount_path = "/shared"
            read_only  = true
          }

          volume_mount {
            name       = "run"
            mount_path = "/run/pgbouncer"
          }

          volume_mount {
            name       = "database"
            mount_path = "/etc/database"
            read_only  = true
          }

          volume_mount {
            name       = "rds-ca"
            mount_path = "/etc/rds"
            read_only  = true
          }
        }

        container {
          name  = "django"
          image = var.django_image
          args  = ["/start"]

          env {
            name  = "DATABASE_HOST"
            value = "127.0.0.1"
          }

          env {
            name  = "DATABASE_PORT"
            value = "6432"
          }

          env {
            name  = "DATABASE_NAME"
            value = "orders"
          }

          env {
            name  = "DATABASE_USER"
            value = "django"
          }

          env {
            name = "DATABASE_PASSWORD"
            value_from {
              secret_key_ref {
                name = "django-client"
                key  = "password"
              }
            }
          }

          port {
            name           = "django-port"
            container_port = var.django_port
          }

          security_context {
            allow_privilege_escalation = false
            read_only_root_filesystem  = true

            capabilities {
              drop = ["ALL"]
            }
          }
        }

        volume {
          name = "shared"
          empty_dir {
            medium     = "Memory"
            size_limit = "1Mi"
          }
        }

        volume {
          name = "run"
          empty_dir {
            medium     = "Memory"
            size_limit = "1Mi"
          }
        }

        volume {
          name = "database"
          config_map {
            name = "django-database"
          }
        }

        volume {
          name = "client"
          secret {
            secret_name = "django-client"
            items {
              key  = "users.txt"
              path = "users.txt"
            }
          }
        }

        volume {
          name = "rds-ca"
          config_map {
            name = "rds-ca"
          }
        }
      }
    }
  }
}
