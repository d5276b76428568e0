# RabbitMQ with the configuration that it has natively too. Its targets are the values of DELAY_STRATEGY: a broker for
# `wait-queue` needs no plugin, so nothing is downloaded for it.
FROM rabbitmq:4.2.1-management AS wait-queue
# Readable for the server's user, whoever may read the checkout.
COPY --chmod=644 rabbitmq/rabbitmq.conf /etc/rabbitmq/conf.d/20-esteira.conf
COPY --chmod=644 rabbitmq/advanced.config /etc/rabbitmq/advanced.config

# With the delayed-message-exchange plugin, whose last release is for 4.2.
FROM wait-queue AS delayed-exchange
ADD --chown=rabbitmq:rabbitmq --chmod=444 \
  --checksum=sha256:f168b2c09810cde3726961d31f38e3408e6a7fbff3929908d6f962061d8e70a1 \
  https://github.com/rabbitmq/rabbitmq-delayed-message-exchange/releases/download/v4.2.0/rabbitmq_delayed_message_exchange-4.2.0.ez \
  /opt/rabbitmq/plugins/
RUN rabbitmq-plugins enable --offline rabbitmq_management rabbitmq_delayed_message_exchange

FROM delayed-exchange AS auto
